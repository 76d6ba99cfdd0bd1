package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

var t0 = time.Date(2026, 11, 23, 19, 14, 20, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openStore opens the store at path; to SQLite, two of the same path are like
// two processes.
func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newRun(id string, after time.Duration, planned int) results.Run {
	return results.Run{
		ID: id, Started: t0.Add(after), Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 1<<63 + 1, Command: []string{"splicelab", "run", "-t", "a b"},
		Conditions: map[string]string{"qemu": "7.2.19", "memory": "512 MiB"}, Planned: planned,
	}
}

func attempt(kernel, fs, test string, n int, v outcome.Verdict, o outcome.Outcome) results.Attempt {
	return results.Attempt{
		CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: test}, N: n, Verdict: v, Outcome: o, Kind: outcome.Characterisation,
		Detail: "offset 0: " + string(o), Duration: 187 * time.Millisecond, Finished: t0.Add(time.Minute),
		Timing: results.Timing{Restore: 15 * time.Millisecond, Test: 100 * time.Millisecond}, Covariates: map[string]string{"folio_order": "4"},
		Output: "=== RUN\n", Console: "[    1.0] Linux version\n",
	}
}

// The kernels, filesystems and tests of the sample runs.
var (
	kernels     = []string{"5.10.0-46-cloud-amd64", "6.1.0-56-cloud-amd64", "6.12.117+deb12-cloud-amd64"}
	filesystems = []string{"ext4", "xfs"}
	tests       = []string{"splice.TestPunchHole/large-clean", "splice.TestPunchHole/small-clean", "splice.TestWrite/large", "splice.TestWrite/small"}
)

// sampleRun stores a finished run; later ones have more failures.
func sampleRun(t testing.TB, s *store.Store, id string, n int) {
	t.Helper()
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.BeginRun(ctx, newRun(id, time.Duration(n)*time.Hour, 24)))
	for k, kernel := range kernels {
		for _, fs := range filesystems {
			for i, test := range tests {
				v, o := outcome.Pass, outcome.Snapshot
				switch {
				case i == 0 && fs == "xfs" && k+n > 2:
					v, o = outcome.Fail, outcome.PhantomZero
				case i == 2 && fs == "xfs" && k == 2:
					v, o = outcome.Crash, outcome.None
				case i == 3 && fs == "ext4":
					v, o = outcome.Fail, outcome.Live
				case i == 1 && fs == "ext4" && k == 0:
					v, o = outcome.Skip, outcome.None
				}
				check(s.AddAttempt(ctx, id, new(attempt(kernel, fs, test, 1, v, o))))
				if i == 1 && fs == "xfs" && k == 1 {
					check(s.AddAttempt(ctx, id, new(attempt(kernel, fs, test, 2, outcome.Fail, outcome.Zeroed))))
				}
			}
		}
	}
	check(s.FinishRun(ctx, id, t0.Add(time.Duration(n)*time.Hour+10*time.Minute), ""))
}

// sampleDatabase is the file that sampleStore copies. Creating it takes a
// second under the race detector, and most tests need one.
var sampleDatabase struct {
	once    sync.Once
	content []byte
}

// sampleStore creates a store at path with two finished runs and an unfinished
// one.
func sampleStore(t testing.TB, path string) *store.Store {
	t.Helper()
	sampleDatabase.once.Do(func() { sampleDatabase.content = newSampleDatabase(t) })
	if err := os.WriteFile(path, sampleDatabase.content, 0o600); err != nil {
		t.Fatal(err)
	}
	return openStore(t, path)
}

func newSampleDatabase(t testing.TB) []byte {
	t.Helper()
	path := storePath(t)
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	sampleRun(t, s, "20261123-191420-one", 0)
	sampleRun(t, s, "20261123-201420-two", 1)
	ctx := t.Context()
	if err := s.Mark(ctx, results.Baseline, "20261123-191420-one"); err != nil {
		t.Fatal(err)
	}
	if err := s.BeginRun(ctx, newRun("20261123-211420-live", 2*time.Hour, 8)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // checkpoints the WAL
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// quick are limits for tests that wait for the server.
var quick = func() limits {
	l := defaultLimits
	l.poll = 5 * time.Millisecond
	return l
}()

func testServer(t testing.TB, cfg Config, l limits) *Server {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = func(err error) { t.Error(err) }
	}
	s, err := newServer(t.Context(), cfg, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serving starts a server on a free port and returns its address; stop ends it,
// as does the end of the test.
func serving(t testing.TB, s *Server) (address string, stop func()) {
	t.Helper()
	return servingAt(t, s, "127.0.0.1:0")
}

func servingAt(t testing.TB, s *Server, listen string) (address string, stop func()) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return "http://" + l.Addr().String(), stop
}

// ask sends one request to a handler.
func ask(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	r.Host = "localhost:8417"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// get fetches a document and decodes it.
func get[T any](t *testing.T, h http.Handler, target string) T {
	t.Helper()
	w := ask(h, "GET", target)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return v
}

// failure returns the text of an error response.
func failure(t *testing.T, w *httptest.ResponseRecorder, status int) string {
	t.Helper()
	var f Failure
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || f.Error == "" {
		t.Errorf("%d, and no error document: %.200s (%v)", w.Code, w.Body, err)
	}
	if w.Code != status {
		t.Errorf("status %d (%s), want %d", w.Code, f.Error, status)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/json" {
		t.Errorf("an error of type %q", ct)
	}
	return f.Error
}

func storePath(t testing.TB) string { return filepath.Join(t.TempDir(), "results.db") }

// shown formats a value in one line, for tables of expected values.
func shown(parts ...any) string { return strings.TrimSuffix(fmt.Sprintln(parts...), "\n") }

// TestReadersDoNotBlockWriters: attempts are stored while documents are being
// read.
func TestReadersDoNotBlockWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	writer := sampleStore(t, path)
	h := testServer(t, Config{Store: openStore(t, path)}, quick).Handler()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 40 {
			ask(h, "GET", fmt.Sprint("/api/map?tests=Test|", i))
		}
	}()
	n := 0
	for {
		n++
		if err := writer.AddAttempt(t.Context(), "20261123-211420-live", new(attempt("6.1", "xfs", fmt.Sprint("s.Test", n), 1, outcome.Pass, outcome.None))); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
			if cells := get[page.Cells](t, h, "/api/runs/unfinished/cells"); len(cells.Kernel) != n {
				t.Errorf("%d of %d cells were read", len(cells.Kernel), n)
			}
			return
		default:
		}
	}
}
