package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results/notify"
)

var message = notify.Message{Subject: "2 new failures", Text: "2 new failures\n", Document: json.RawMessage(`{"text":"2 new failures"}`),
	Date: time.Date(2026, 11, 27, 2, 30, 0, 0, time.UTC)}

// receiver answers each request with the next code, repeating the last one, and
// stores the requests.
type receiver struct {
	codes []int
	tries atomic.Int32
	last  *http.Request
	body  string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	n := int(r.tries.Add(1))
	b, _ := io.ReadAll(req.Body)
	r.last, r.body = req, string(b)
	code := r.codes[min(n, len(r.codes))-1]
	if code == 302 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(code)
	if code >= 400 {
		fmt.Fprint(w, "so it is\x1b[31m")
	}
}

func TestWebhook(t *testing.T) {
	for _, c := range []struct {
		name  string
		codes []int
		tries int
		err   string
	}{
		{"taken", []int{200}, 1, ""},
		{"taken without a word", []int{204}, 1, ""},
		{"broken, then taken", []int{500, 429, 503, 200}, 4, ""},
		{"stays broken", []int{503}, 4, `it answers 503 Service Unavailable: so it is\x1b[31m; given up after 4 tries`},
		{"refused", []int{403, 200}, 1, `it answers 403 Forbidden`},
		{"elsewhere", []int{302, 200}, 1, `configure its new URL`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &receiver{codes: c.codes}
			server := httptest.NewServer(r)
			defer server.Close()
			w := notify.Webhook{URL: server.URL + "/secret", Token: "t0ken", Pauses: []time.Duration{1, 1, 1}}
			err := w.Send(t.Context(), message)
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the address is in the error: %v", err)
			}
			if n := int(r.tries.Load()); n != c.tries {
				t.Errorf("%d tries, want %d", n, c.tries)
			}
			if r.body != string(message.Document) || r.last.Method != http.MethodPost || r.last.URL.Path != "/secret" ||
				r.last.Header.Get("Content-Type") != "application/json" || r.last.Header.Get("Authorization") != "Bearer t0ken" {
				t.Errorf("got %s %s, %v: %s", r.last.Method, r.last.URL, r.last.Header, r.body)
			}
		})
	}
}

func TestWebhookCustomHeader(t *testing.T) {
	r := &receiver{codes: []int{200}}
	server := httptest.NewServer(r)
	defer server.Close()
	if err := (notify.Webhook{URL: server.URL, Header: "X-Token", Token: "t0ken"}).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if r.last.Header.Get("X-Token") != "t0ken" || r.last.Header.Get("Authorization") != "" {
		t.Errorf("headers: %v", r.last.Header)
	}
}

// A receiver with an untrusted certificate does not get the message.
func TestWebhookVerifiesItsReceiver(t *testing.T) {
	r := &receiver{codes: []int{200}}
	server := httptest.NewTLSServer(r)
	defer server.Close()
	server.Config.ErrorLog = nil
	w := notify.Webhook{URL: server.URL + "/secret", Pauses: []time.Duration{}}
	err := w.Send(t.Context(), message)
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "secret") || r.tries.Load() != 0 {
		t.Errorf("error %v after %d requests, want one about the certificate", err, r.tries.Load())
	}
	w.Client = server.Client()
	if err := w.Send(t.Context(), message); err != nil {
		t.Errorf("with the receiver's own authority: %v", err)
	}
}

func TestWebhookTimeout(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	w := notify.Webhook{URL: server.URL, Timeout: 20 * time.Millisecond, Pauses: []time.Duration{1}}
	if err := w.Send(t.Context(), message); err == nil || !strings.Contains(err.Error(), "no answer within 20ms; given up after 2 tries") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stopped"))
	if err := w.Send(ctx, message); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("error %v, want that it was stopped", err)
	}
}

func TestCheckURL(t *testing.T) {
	for _, c := range []struct {
		url   string
		token bool
		ok    bool
	}{
		{"https://chat.example.org/hook", true, true},
		{"http://chat.example.org/hook", false, true},
		{"http://chat.example.org/hook", true, false},
		{"http://127.0.0.1:8080/hook", true, true},
		{"http://localhost/hook", true, true},
		{"ftp://chat.example.org", false, false},
		{"chat.example.org/hook", false, false},
		{"https://user:password@chat.example.org", false, false},
		{"https://a b/%zz", false, false},
	} {
		err := notify.CheckURL(c.url, c.token)
		if (err == nil) != c.ok {
			t.Errorf("%s, token %t: %v", c.url, c.token, err)
		}
		if err != nil && strings.Contains(err.Error(), "password") {
			t.Errorf("the secret is in the error: %v", err)
		}
	}
}
