package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const token = "this is a token for tests"

func TestHeadersOfEveryAnswer(t *testing.T) {
	h := testServer(t, Config{Store: openStore(t, storePath(t)), Loopback: true}, quick).Handler()
	for _, w := range []*httptest.ResponseRecorder{
		ask(h, "GET", "/"), ask(h, "GET", "/api/runs"), ask(h, "GET", "/api/nothing"), ask(h, "DELETE", "/api/runs"),
		ask(h, "GET", "/", "Host", "evil.example"), ask(h, "POST", "/api/session", "Sec-Fetch-Site", "cross-site"),
	} {
		csp := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%d: no %s in %q", w.Code, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%d: the policy %q allows more than our own files", w.Code, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%d: %s: %q, want %q", w.Code, name, got, want)
			}
		}
	}
}

// TestHostNames: DNS rebinding gets nothing, not even the page.
func TestHostNames(t *testing.T) {
	local := testServer(t, Config{Store: openStore(t, storePath(t)), Loopback: true}, quick).Handler()
	for host, allowed := range map[string]bool{
		"localhost": true, "localhost:8417": true, "LocalHost:1": true, "127.0.0.1": true, "127.0.0.1:8417": true, "127.9.9.9": true,
		"[::1]": true, "[::1]:8417": true, "[::ffff:127.0.0.1]:8417": true,
		"": false, "evil.example": false, "evil.example:8417": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false,
		"192.168.0.1": false, "[2001:db8::1]:8417": false, "0.0.0.0:8417": false, "localhost:8417.evil.example": false,
	} {
		for _, path := range []string{"/", "/api/runs"} {
			w := ask(local, "GET", path, "Host", host)
			if allowed && w.Code != http.StatusOK {
				t.Errorf("%q: %d %s", host, w.Code, w.Body)
			}
			if !allowed {
				failure(t, w, http.StatusForbidden)
			}
		}
	}
	public := testServer(t, Config{Store: openStore(t, storePath(t)), Token: token}, quick).Handler()
	if w := ask(public, "GET", "/", "Host", "lab.example"); w.Code != http.StatusOK {
		t.Errorf("a public server rejects its own name: %d", w.Code)
	}
}

func TestToken(t *testing.T) {
	h := testServer(t, Config{Store: sampleStore(t, storePath(t)), Token: token}, quick).Handler()
	post := func(body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/api/session", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	good := post(`{"token":"` + token + `"}`)
	cookies := good.Result().Cookies()
	if good.Code != http.StatusNoContent || len(cookies) != 1 {
		t.Fatalf("%d with %v", good.Code, cookies)
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || strings.Contains(c.String(), token) {
		t.Errorf("the cookie is %s", c)
	}
	// The page itself is public: it asks for the token.
	if w := ask(h, "GET", "/"); w.Code != http.StatusOK {
		t.Errorf("the page: %d", w.Code)
	}
	for _, path := range []string{"/api/runs", "/api/runs/latest", "/api/runs/latest/cells", "/api/runs/latest/events", "/api/diff", "/api/map", "/api/history", "/api/schema.json", "/api/nothing", "/api/runs/latest/cell"} {
		for name, headers := range map[string][]string{
			"nothing": nil, "a wrong token": {"Authorization", "Bearer " + token + "x"}, "no scheme": {"Authorization", token},
			"an empty token": {"Authorization", "Bearer "}, "a wrong cookie": {"Cookie", c.Name + "=x"}, "the token as a cookie": {"Cookie", c.Name + "=" + token},
			"another's cookie": {"Cookie", "splicelab=" + c.Value},
		} {
			w := ask(h, "GET", path, headers...)
			if text := failure(t, w, http.StatusUnauthorized); strings.Contains(text, token) {
				t.Errorf("%s with %s: %s", path, name, text)
			}
		}
	}
	for _, headers := range [][]string{{"Authorization", "Bearer " + token}, {"Cookie", c.Name + "=" + c.Value}} {
		if w := ask(h, "GET", "/api/runs", headers...); w.Code != http.StatusOK {
			t.Errorf("%s: %d", headers[0], w.Code)
		}
	}

	failure(t, post(`{"token":"wrong"}`), http.StatusUnauthorized)
	failure(t, post(`{}`), http.StatusUnauthorized)
	failure(t, post(`{"token":`), http.StatusBadRequest)
	failure(t, post(`{"token":"`+strings.Repeat("x", 2*maxBody)+`"}`), http.StatusBadRequest)
	failure(t, post(`{"token":"`+token+`"}`, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
	failure(t, post(`{"token":"`+token+`"}`, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
	failure(t, post(`{"token":"`+token+`"}`, "Origin", "http://evil.example"), http.StatusForbidden)
	failure(t, ask(h, "GET", "/api/session"), http.StatusMethodNotAllowed)

	// The cookie of a server with another token is not accepted.
	other := testServer(t, Config{Store: openStore(t, storePath(t)), Token: token + "2"}, quick).Handler()
	failure(t, ask(other, "GET", "/api/runs", "Cookie", c.Name+"="+c.Value), http.StatusUnauthorized)
}

func TestNewToken(t *testing.T) {
	a, b := NewToken(), NewToken()
	if a == b || len(a) < MinToken {
		t.Errorf("tokens %q and %q", a, b)
	}
}

// TestReadOnly: only GET and HEAD are accepted.
func TestReadOnly(t *testing.T) {
	h := testServer(t, Config{Store: sampleStore(t, storePath(t))}, quick).Handler()
	for _, path := range []string{"/", "/api/runs", "/api/runs/latest", "/api/runs/latest/cells", "/api/runs/latest/events", "/api/diff", "/api/nothing"} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FROBNICATE"} {
			w := ask(h, method, path)
			failure(t, w, http.StatusMethodNotAllowed)
			if w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: allowed is %q", method, path, w.Header().Get("Allow"))
			}
		}
	}
	for _, path := range []string{"/api/runs", "/api/runs/latest~1/cells", "/api/runs/latest/events"} {
		if w := ask(h, "HEAD", path); w.Code != http.StatusOK || w.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d with %d bytes", path, w.Code, w.Body.Len())
		}
	}
}
