package page

import (
	"net/http"
	"strings"
	"time"
)

// Handler serves the live page: the page itself at the root, and app.js and
// app.css beside it. Other paths are 404.
func Handler() http.Handler {
	files := map[string]struct{ mime, text string }{
		"/":        {"text/html; charset=utf-8", Live()},
		"/app.js":  {"text/javascript; charset=utf-8", Script(true)},
		"/app.css": {"text/css; charset=utf-8", Style(true)},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.mime)
		h.Set("Content-Security-Policy", LivePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		// A different version of the program has a different page at the same address.
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", `"`+strings.NewReplacer("'", "", "sha256-", "").Replace(digest(f.text))+`"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.text))
	})
}
