package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
)

// requestError describes what is wrong with a request, for the client.
type requestError struct {
	status int
	text   string
}

func (e *requestError) Error() string { return e.text }

func badRequest(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// Failure is the document of a request that could not be answered.
type Failure struct {
	Error string `json:"error"` // what was wrong, and what to do
}

// answering is a handler whose errors become responses, compressed if the
// client accepts that.
func (s *Server) answering(answer func(http.ResponseWriter, *http.Request) error) http.Handler {
	compressed := gzhttp.GzipHandler(s.plainly(answer))
	plain := s.plainly(answer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Event streams must not be buffered by compression.
		if isStream(r) {
			plain.ServeHTTP(w, r)
			return
		}
		compressed.ServeHTTP(w, r)
	})
}

func (s *Server) plainly(answer func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := answer(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// fail sends an error response. The details of an internal error are only
// logged, because they may name files.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var request *requestError
	var run *results.RunError
	switch {
	case errors.As(err, &request):
	case errors.As(err, &run) && run.Ambiguous:
		request = &requestError{http.StatusBadRequest, run.Error()}
	case errors.As(err, &run):
		request = &requestError{http.StatusNotFound, run.Error()}
	case r.Context().Err() != nil:
		return // the client is gone
	case errors.Is(err, context.DeadlineExceeded):
		request = &requestError{http.StatusServiceUnavailable, "the request timed out: request less, or retry later"}
	default:
		s.cfg.Log(fmt.Errorf("%s %s: %w", r.Method, cut(r.URL.Path), err))
		request = &requestError{http.StatusInternalServerError, "the results could not be read: see the log of splicelab serve"}
	}
	writeError(w, request)
}

func writeError(w http.ResponseWriter, err *requestError) {
	body, e := json.Marshal(Failure{err.text})
	if e != nil { // impossible for a string
		body = []byte(`{"error":""}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(err.status)
	_, _ = w.Write(append(body, '\n')) // fails only if the client is gone
}

// document sends the document that makeDocument returns, or the cached one with
// the same key and stamp. A client that already has it gets 304.
func (s *Server) document(w http.ResponseWriter, r *http.Request, key, stamp string, makeDocument func(context.Context) (any, error)) error {
	d, err := s.cache.get(r.Context(), key, stamp, makeDocument)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	// Runs may be resumed and pruned: a cached document has to be revalidated.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", d.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.body))
	return nil
}

// cut bounds text that is quoted from a request.
func cut(s string) string {
	const most = 120
	if s = sanitize.Line(s); len(s) > most {
		return s[:most] + "…"
	}
	return s
}
