package apt

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

	"github.com/splicelab/splicelab/kernels"
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

// Client downloads files of an archive into the store.
type Client struct {
	http     *http.Client
	store    *kernels.Store
	dir      string // of the archive, in the store
	settings string // see Settings
}

// NewClient returns a client that uses the environment's proxies, else the
// host's. dir is the archive's directory in the store, for unfinished downloads;
// settings is where its settings are, such as "kernels.debian", for errors.
func NewClient(store *kernels.Store, dir, settings string, host Host) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = stall
	transport.MaxIdleConnsPerHost = 16
	// No transparent decompression: digests are of the compressed files.
	transport.DisableCompression = true
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		proxy, err := http.ProxyFromEnvironment(r)
		if proxy != nil || err != nil || host.Proxies[r.URL.Scheme] == "" {
			return proxy, err
		}
		return url.Parse(host.Proxies[r.URL.Scheme])
	}
	return &Client{http: &http.Client{Transport: transport}, store: store, dir: dir, settings: settings}
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
func (c *Client) get(ctx context.Context, address string, from int64) (*response, error) {
	pause := retryPause
	for attempt := 1; ; attempt++ {
		r, err := c.ask(ctx, address, from)
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
		failed := &UnreachableError{Settings: c.settings, URL: address, Err: fmt.Errorf("the server returned %s", r.Status)}
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

func (c *Client) ask(ctx context.Context, address string, from int64) (*response, error) {
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
	answer, err := c.http.Do(request) //nolint:bodyclose // response.Close closes it
	if err != nil {
		timer.Stop()
		if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errStalled) {
			err = cause // cancelled by the caller
		} else {
			var detail *url.Error
			if errors.As(err, &detail) {
				err = detail.Err // our own error includes the URL
			}
			err = &UnreachableError{Settings: c.settings, URL: address, Err: err}
		}
		cancel(nil)
		return nil, err
	}
	return &response{Response: answer, ctx: ctx, timer: timer, cancel: cancel}, nil
}

// GetAll reads a whole small file into memory.
func (c *Client) GetAll(ctx context.Context, address string, limit int64) ([]byte, error) {
	r, err := c.get(ctx, address, 0)
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
		return nil, &UnreachableError{Settings: c.settings, URL: address, Err: err}
	case int64(len(text)) > limit:
		return nil, &UnreachableError{Settings: c.settings, URL: address, Err: fmt.Errorf("it is larger than %d bytes", limit)}
	}
	return text, nil
}

// Wanted is a file to download.
type Wanted struct {
	URL    string
	Size   int64  // bytes; -1 if not in the index
	SHA256 string // hex; empty if not in the index
	// Report is called with the bytes received so far; it may be nil.
	Report func(done int64)
}

// maxUnindexed bounds a file that is in no index, in bytes.
const maxUnindexed = 1 << 30

// WithFile downloads a file, verifies it, passes it to use and then removes it.
// An interrupted download is kept as a .part file and resumed by the next one,
// even in another process; the .part of a different file is discarded.
func (c *Client) WithFile(ctx context.Context, w Wanted, use func(f *os.File, digest string) error) (err error) {
	dir, err := c.store.Subdir(filepath.Join(c.dir, "downloads"))
	if err != nil {
		return err
	}
	name := w.SHA256
	if name == "" {
		name = "url-" + Sum([]byte(w.URL))
	}
	unlock, err := c.store.Lock(ctx, "download-"+name)
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
	digest, err := c.complete(ctx, f, w)
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
func (c *Client) complete(ctx context.Context, f *os.File, w Wanted) (string, error) {
	for _, anew := range []bool{false, true} {
		if anew {
			if err := f.Truncate(0); err != nil {
				return "", err
			}
		}
		resumed, err := c.transfer(ctx, f, w)
		var wrong *DigestError
		if err != nil && (!resumed || !errors.As(err, &wrong)) {
			return "", err
		}
		if err == nil {
			digest, err := sumOf(f)
			if err != nil {
				return "", err
			}
			if w.SHA256 == "" || digest == w.SHA256 {
				return digest, nil
			}
			if !resumed {
				return "", &DigestError{Settings: c.settings, URL: w.URL, Want: "SHA-256 " + w.SHA256, Got: digest}
			}
		}
	}
	return "", &DigestError{Settings: c.settings, URL: w.URL, Want: "SHA-256 " + w.SHA256, Got: "another one twice"}
}

// transfer downloads the rest of the file. It reports whether it resumed an
// earlier download.
func (c *Client) transfer(ctx context.Context, f *os.File, w Wanted) (resumed bool, err error) {
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return false, err
	}
	resumed = have > 0
	if w.Size >= 0 && have > w.Size {
		return resumed, &DigestError{Settings: c.settings, URL: w.URL, Want: fmt.Sprintf("%d bytes", w.Size), Got: fmt.Sprintf("%d", have)}
	}
	for range retries {
		if have == w.Size {
			break
		}
		before := have
		var whole bool
		have, whole, err = c.append(ctx, f, w, have)
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
func (c *Client) append(ctx context.Context, f *os.File, w Wanted, have int64) (now int64, whole bool, err error) {
	r, err := c.get(ctx, w.URL, have)
	if err != nil {
		return have, false, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if r.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		// The mirror's file ends here, which is fine if its size is unknown.
		if w.Size < 0 {
			return have, false, nil
		}
		return have, false, &TruncatedError{URL: w.URL, Want: w.Size, Got: have}
	}
	if r.StatusCode != http.StatusPartialContent || !strings.HasPrefix(r.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", have)) {
		if r.StatusCode == http.StatusPartialContent && have > 0 {
			return have, false, &UnreachableError{Settings: c.settings, URL: w.URL, Err: fmt.Errorf("the server sent a different range (%q)", r.Header.Get("Content-Range"))}
		}
		whole, have = true, 0
		if err := f.Truncate(0); err != nil {
			return 0, true, err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return 0, true, err
		}
	}
	limit := w.Size
	if limit < 0 {
		limit = maxUnindexed
	}
	progress := &progressWriter{f: f, done: have, report: w.Report}
	_, err = io.Copy(progress, io.LimitReader(r, limit-have+1))
	now = progress.done
	switch {
	case now > limit:
		return now, whole, &DigestError{Settings: c.settings, URL: w.URL, Want: fmt.Sprintf("%d bytes", limit), Got: "more"}
	case progress.err != nil:
		return now, whole, fmt.Errorf("write a download to the cache: %w", progress.err)
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && w.Size >= 0 && now < w.Size:
		want := w.Size
		if want < 0 {
			want = have + r.ContentLength
		}
		return now, whole, &TruncatedError{URL: w.URL, Want: want, Got: now}
	case err != nil:
		return now, whole, &UnreachableError{Settings: c.settings, URL: w.URL, Err: err}
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

func (p *progressWriter) Write(b []byte) (int, error) {
	n, err := p.f.Write(b)
	p.done += int64(n)
	p.err = err
	if p.report != nil {
		p.report(p.done)
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

// Sum is the SHA-256 of data in lower-case hex.
func Sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// isSum reports whether the string is a SHA-256 in lower-case hex.
func isSum(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == 2*sha256.Size && text == strings.ToLower(text)
}
