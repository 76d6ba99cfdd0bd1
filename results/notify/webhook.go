package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Webhook sends a message's Document by POST. The URL may be a secret, as those
// of chat services are: errors name only its host.
type Webhook struct {
	// URL is https or http; see CheckURL.
	URL string
	// Header is the header for Token. Default: Authorization, with Token
	// prefixed by "Bearer ".
	Header string
	// Token is a secret that authenticates the sender; empty: none.
	Token string
	// Timeout bounds one attempt. Default 10 s.
	Timeout time.Duration
	// Pauses are the delays between attempts: there is one attempt more than
	// pauses. Default 1 s, 5 s and 25 s. A longer Retry-After of the
	// receiver is respected, up to a minute.
	Pauses []time.Duration
	// Client makes the requests. Default: one that verifies certificates
	// against the system's CAs, or SSL_CERT_FILE.
	Client *http.Client
}

const (
	defaultTimeout = 10 * time.Second
	longestPause   = time.Minute
	// answerShown is how much of a response an error quotes, in bytes.
	answerShown = 300
)

var defaultPauses = []time.Duration{time.Second, 5 * time.Second, 25 * time.Second}

// CheckURL says what is wrong with a webhook's address. A token is sent
// unencrypted only to this machine.
func CheckURL(text string, token bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("is not an address such as https://chat.example.org/hook") // err would quote a secret
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("is not an address that begins with https:// or http://")
	case u.User != nil:
		return errors.New("has a user name in it: use a token")
	case u.Scheme == "http" && token && !loopback(u.Hostname()):
		return errors.New("would send the token unencrypted: use https://")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send implements Sender. It retries if the receiver cannot be reached, is
// overloaded (429) or fails (5xx).
func (w Webhook) Send(ctx context.Context, m Message) error {
	pauses := w.Pauses
	if pauses == nil {
		pauses = defaultPauses
	}
	for try := 0; ; try++ {
		retry, after, err := w.post(ctx, m)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("webhook at %s: %w", w.host(), err)
		switch {
		case ctx.Err() != nil, !retry:
			return err
		case try == len(pauses):
			return fmt.Errorf("%w; given up after %d tries", err, try+1)
		}
		pause := time.NewTimer(max(pauses[try], min(after, longestPause)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// post is one attempt. retry reports whether another could help, after is the
// receiver's Retry-After.
func (w Webhook) post(ctx context.Context, m Message) (retry bool, after time.Duration, err error) {
	timeout := w.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %s", timeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(m.Document))
	if err != nil {
		return false, 0, errors.New("its address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "splicelab")
	switch {
	case w.Token == "":
	case w.Header == "" || strings.EqualFold(w.Header, "Authorization"):
		req.Header.Set("Authorization", "Bearer "+w.Token)
	default:
		req.Header.Set(w.Header, w.Token)
	}
	res, err := w.client().Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		var quoting *url.Error // quotes the address
		if errors.As(err, &quoting) {
			err = quoting.Err
		}
		return true, 0, errors.New(sanitize.Line(err.Error()))
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, answerShown)) // only to be quoted
	switch {
	case res.StatusCode/100 == 2:
		return false, 0, nil
	case res.StatusCode/100 == 3:
		return false, 0, fmt.Errorf("it answers %s, a redirect: configure its new URL", status(res.StatusCode))
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = time.Duration(min(seconds, 3600)) * time.Second
	}
	err = fmt.Errorf("it answers %s", status(res.StatusCode))
	if text := sanitize.Line(string(answer)); text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout, after, err
}

func status(code int) string { return strings.TrimSpace(fmt.Sprint(code, " ", http.StatusText(code))) }

// client follows no redirects: a POST would become a GET, and a token would be
// sent to another host.
func (w Webhook) client() *http.Client {
	c := http.Client{}
	if w.Client != nil {
		c = *w.Client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// host names the receiver without anything secret.
func (w Webhook) host() string {
	u, err := url.Parse(w.URL)
	if err != nil {
		return "an address that cannot be read"
	}
	return sanitize.Line(u.Host)
}
