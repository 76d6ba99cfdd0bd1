package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// stall is how long a mirror may send nothing before the download fails.
	stall = 60 * time.Second
	// retries is how often an interrupted download is resumed, as long as each
	// attempt makes progress.
	retries = 5
	// retryPause is the delay before the first retry after a server reported
	// that it is busy; it doubles each time.
	retryPause = 500 * time.Millisecond
)

// newClient returns a client that uses the environment's proxies, else apt's.
func newClient(apt aptConfig) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = stall
	transport.MaxIdleConnsPerHost = 16
	// No transparent decompression: digests are of the compressed files.
	transport.DisableCompression = true
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		proxy, err := http.ProxyFromEnvironment(r)
		if proxy != nil || err != nil || apt.proxies[r.URL.Scheme] == "" {
			return proxy, err
		}
		return url.Parse(apt.proxies[r.URL.Scheme])
	}
	return &http.Client{Transport: transport}
}

// response is an answer whose body fails when the mirror stalls.
type response struct {
	*http.Response
	ctx    context.Context // of this request
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

var errStalled = fmt.Errorf("nothing received for %s", stall)

func (r *response) Read(p []byte) (int, error) {
	r.timer.Reset(stall)
	n, err := r.Body.Read(p)
	if err != nil && errors.Is(context.Cause(r.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (r *response) Close() error {
	r.timer.Stop()
	err := r.Body.Close()
	r.cancel(nil)
	return err
}

// get requests a file from the given byte on. The error is a *MissingError or
// an *UnreachableError.
func (s *Source) get(ctx context.Context, address string, from int64) (*response, error) {
	pause := retryPause
	for attempt := 1; ; attempt++ {
		r, err := s.ask(ctx, address, from)
		if err != nil {
			return nil, err
		}
		switch {
		case r.StatusCode == http.StatusOK, r.StatusCode == http.StatusPartialContent,
			r.StatusCode == http.StatusRequestedRangeNotSatisfiable:
			return r, nil
		case r.StatusCode == http.StatusNotFound, r.StatusCode == http.StatusGone:
			return nil, errors.Join(&MissingError{URL: address}, r.Close())
		}
		failed := &UnreachableError{URL: address, Err: fmt.Errorf("the server returned %s", r.Status)}
		if err := r.Close(); err != nil || attempt == 3 || (r.StatusCode < 500 && r.StatusCode != http.StatusTooManyRequests) {
			return nil, errors.Join(failed, err)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
			pause *= 2
		}
	}
}

func (s *Source) ask(ctx context.Context, address string, from int64) (*response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	request.Header.Set("User-Agent", "splicelab")
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	timer := time.AfterFunc(stall, func() { cancel(errStalled) })
	answer, err := s.client.Do(request) //nolint:bodyclose // response.Close closes it
	if err != nil {
		timer.Stop()
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errStalled) {
			err = cause // cancelled by the caller
		} else {
			var detail *url.Error
			if errors.As(err, &detail) {
				err = detail.Err // our own error includes the URL
			}
			err = &UnreachableError{URL: address, Err: err}
		}
		cancel(nil)
		return nil, err
	}
	return &response{Response: answer, ctx: ctx, timer: timer, cancel: cancel}, nil
}

// getAll reads a whole small file into memory.
func (s *Source) getAll(ctx context.Context, address string, limit int64) ([]byte, error) {
	r, err := s.get(ctx, address, 0)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	err = errors.Join(err, r.Close())
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &TruncatedError{URL: address, Want: r.ContentLength, Got: int64(len(text))}
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &UnreachableError{URL: address, Err: err}
	case int64(len(text)) > limit:
		return nil, &UnreachableError{URL: address, Err: fmt.Errorf("it is larger than %d bytes", limit)}
	}
	return text, nil
}

// wanted is a file to download.
type wanted struct {
	url    string
	size   int64  // bytes; -1 if not in the index
	sha256 string // hex; empty if not in the index
	// report is called with the bytes received so far; it may be nil.
	report func(done int64)
}

// maxUnindexed bounds a file that is in no index, in bytes.
const maxUnindexed = 1 << 30

// withFile downloads a file, verifies it, passes it to use and then removes it.
// An interrupted download is kept as a .part file and resumed by the next one,
// even in another process; the .part of a different file is discarded.
func (s *Source) withFile(ctx context.Context, w wanted, use func(f *os.File, digest string) error) (err error) {
	dir, err := s.store.Subdir(filepath.Join("debian", "downloads"))
	if err != nil {
		return err
	}
	name := w.sha256
	if name == "" {
		name = "url-" + sum([]byte(w.url))
	}
	unlock, err := s.store.Lock(ctx, "download-"+name)
	if err != nil {
		return err
	}
	defer unlock()
	path := filepath.Join(dir, name+".part")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	digest, err := s.complete(ctx, f, w)
	if err != nil {
		info, statErr := f.Stat()
		if statErr != nil || info.Size() == 0 || !interrupted(err) && ctx.Err() == nil {
			err = errors.Join(err, os.Remove(path))
		}
		return err
	}
	return errors.Join(use(f, digest), os.Remove(path))
}

// complete downloads the rest of the file, checks its digest and returns it.
func (s *Source) complete(ctx context.Context, f *os.File, w wanted) (string, error) {
	for _, anew := range []bool{false, true} {
		if anew {
			if err := f.Truncate(0); err != nil {
				return "", err
			}
		}
		resumed, err := s.transfer(ctx, f, w)
		var wrong *DigestError
		if err != nil && (!resumed || !errors.As(err, &wrong)) {
			return "", err
		}
		if err == nil {
			digest, err := sumOf(f)
			if err != nil {
				return "", err
			}
			if w.sha256 == "" || digest == w.sha256 {
				return digest, nil
			}
			if !resumed {
				return "", &DigestError{URL: w.url, Want: "SHA-256 " + w.sha256, Got: digest}
			}
		}
	}
	return "", &DigestError{URL: w.url, Want: "SHA-256 " + w.sha256, Got: "another one twice"}
}

// transfer downloads the rest of the file. It reports whether it resumed an
// earlier download.
func (s *Source) transfer(ctx context.Context, f *os.File, w wanted) (resumed bool, err error) {
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	resumed = have > 0
	if w.size >= 0 && have > w.size {
		return resumed, &DigestError{URL: w.url, Want: fmt.Sprintf("%d bytes", w.size), Got: fmt.Sprintf("%d", have)}
	}
	for range retries {
		if have == w.size {
			break
		}
		before := have
		var whole bool
		have, whole, err = s.append(ctx, f, w, have)
		if whole {
			resumed = false // the server ignored the range
		}
		if err == nil || have <= before || !interrupted(err) || ctx.Err() != nil {
			break
		}
	}
	if err != nil && ctx.Err() != nil {
		return resumed, context.Cause(ctx)
	}
	return resumed, err
}

// interrupted reports whether err is an interruption that can be resumed.
func interrupted(err error) bool {
	var truncated *TruncatedError
	var unreachable *UnreachableError
	return errors.As(err, &truncated) || errors.As(err, &unreachable)
}

// append requests the file from byte have on and writes what arrives. It returns
// the file's new length, and whether it is complete.
func (s *Source) append(ctx context.Context, f *os.File, w wanted, have int64) (now int64, whole bool, err error) {
	r, err := s.get(ctx, w.url, have)
	if err != nil {
		return have, false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if r.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		// The mirror's file ends here, which is fine if its size is unknown.
		if w.size < 0 {
			return have, false, nil
		}
		return have, false, &TruncatedError{URL: w.url, Want: w.size, Got: have}
	}
	if r.StatusCode != http.StatusPartialContent || !strings.HasPrefix(r.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)) {
		if r.StatusCode == http.StatusPartialContent && have > 0 {
			return have, false, &UnreachableError{URL: w.url, Err: fmt.Errorf("the server sent a different range (%q)", r.Header.Get("Content-Range"))}
		}
		whole, have = true, 0
		if err := f.Truncate(0); err != nil {
			return 0, true, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return 0, true, err
		}
	}
	limit := w.size
	if limit < 0 {
		limit = maxUnindexed
	}
	progress := &progressWriter{f: f, done: have, report: w.report}
	_, err = io.Copy(progress, io.LimitReader(r, limit-have+1))
	now = progress.done
	switch {
	case now > limit:
		return now, whole, &DigestError{URL: w.url, Want: fmt.Sprintf("%d bytes", limit), Got: "more"}
	case progress.err != nil:
		return now, whole, fmt.Errorf("write a download to the cache: %w", progress.err)
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && w.size >= 0 && now < w.size:
		want := w.size
		if want < 0 {
			want = have + r.ContentLength
		}
		return now, whole, &TruncatedError{URL: w.url, Want: want, Got: now}
	case err != nil:
		return now, whole, &UnreachableError{URL: w.url, Err: err}
	}
	return now, whole, nil
}

// progressWriter counts the bytes written, and distinguishes file errors from
// network errors.
type progressWriter struct {
	f      *os.File
	done   int64
	report func(int64)
	err    error
}

func (w *progressWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	w.done += int64(n)
	w.err = err
	if w.report != nil {
		w.report(w.done)
	}
	return n, err
}

// sumOf returns the hex SHA-256 of a whole file.
func sumOf(f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	_, err := f.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// shortSum makes names unique; it is too short for integrity checks.
func shortSum(text string) string { return sum([]byte(text))[:12] }

// isSum reports whether the string is a SHA-256 in lower-case hex.
func isSum(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == 2*sha256.Size && text == strings.ToLower(text)
}
