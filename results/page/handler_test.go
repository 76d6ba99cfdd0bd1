package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandler(t *testing.T) {
	h := Handler()
	get := func(path, etag string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		if etag != "" {
			r.Header.Set("If-None-Match", etag)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for path, want := range map[string][2]string{
		"/": {"text/html; charset=utf-8", `<script src="app.js"></script>`}, "/app.js": {"text/javascript; charset=utf-8", "var splicelab ="}, "/app.css": {"text/css; charset=utf-8", "--c-pass:"},
	} {
		w := get(path, "")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != want[0] || !strings.Contains(w.Body.String(), want[1]) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header())
		}
		if w.Header().Get("Content-Security-Policy") != LivePolicy || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", path, w.Header())
		}
		if again := get(path, w.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("%s: requested again: %d", path, again.Code)
		}
	}
	for _, path := range []string{"/assets/app.js", "/app.js/", "/../document.go", "/x"} {
		if w := get(path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if strings.Contains(Live(), "unsafe") || !strings.Contains(Live(), "Content-Security-Policy") {
		t.Error("the live page has no policy, or a weak one")
	}
}
