// Package web serves the results store over HTTP: the live page of package
// page, and a JSON API with the same documents that a report file contains. It
// is read-only, and readers do not block writers. docs/api.md describes the API
// for users.
//
// It serves text from hostile kernels and tests to browsers that have other
// pages open. Texts are data in JSON and never markup; the page's
// Content-Security-Policy allows no script except its own files; and requests
// are authorized before anything is read.
package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/store"
)

// DefaultAddress is where the server listens by default: only this machine can
// connect there.
const DefaultAddress = "127.0.0.1:8417"

// Store is what a Server reads; *store.Store implements it.
type Store interface {
	history.Store
	history.ColumnStore
	Recent(ctx context.Context, skip, limit int) ([]results.RunSummary, int, error)
	AttemptCount(ctx context.Context, run string) (int, error)
	Cells(ctx context.Context, run string) ([]results.Cell, error)
	Overview(ctx context.Context, run string) ([]store.TestTally, error)
	StoredTally(ctx context.Context, run string) (results.Tally, bool, error)
	CellsOfTests(ctx context.Context, run string, tests []string) ([]results.Cell, error)
	Attempts(ctx context.Context, run string, key results.CellKey) ([]results.Attempt, error)
	Marks(context.Context) (map[string][]string, error)
	Running() (store.Running, error)
	Live(run string, now time.Time) (results.Live, bool)
	Changes(context.Context) (*store.Changes, error)
	Watch(run string) *store.Watch
}

// Judge classifies results by the user's expectations and the history of the
// cells. Its answers are cached: equal arguments must give equal results.
type Judge interface {
	// Judge sets Expected and Why of a run's cells.
	Judge(results.Run, []results.Cell) []results.Cell
	// Assess separates regressions from flakes by the history of the cells up
	// to run before, judged by policy p.
	Assess(ctx context.Context, before results.Run, p outcome.Policy, d *compare.Difference) error
	// Fails tells which attempts fail, and not as the user expects. The answer is
	// for one goroutine.
	Fails() history.Judgement
}

// Config configures what a Server serves, and to whom.
type Config struct {
	Store Store
	// Token, unless empty, is required of every client: see NewToken.
	Token string
	// Loopback refuses requests for any host name but this machine's, against
	// DNS rebinding. Set it when the server listens on a loopback address.
	Loopback bool
	// Judge may be nil: then verdicts are served as stored, and each new
	// failure counts as a regression.
	Judge Judge
	// Annotator may be nil: then families, crash lines and report files are
	// omitted.
	Annotator page.Annotator
	// Planned may be nil. It returns the columns that an unfinished run is going
	// to fill: cells of which only kernel, version and filesystem are set.
	Planned func(context.Context, results.Run) []results.Cell
	// Searches may be nil. It returns the bisections, the one that changed last
	// first.
	Searches func() ([]page.Search, error)
	// Log, unless nil, receives internal errors, which clients do not see.
	Log func(error)
}

// asStored is the Judge of a server without one.
type asStored struct{}

func (asStored) Judge(_ results.Run, cells []results.Cell) []results.Cell { return cells }

func (asStored) Assess(context.Context, results.Run, outcome.Policy, *compare.Difference) error {
	return nil
}

func (asStored) Fails() history.Judgement {
	return func(a *results.Attempt) bool { return a.Verdict.Bad() }
}

// unannotated is the Annotator of a server without one.
type unannotated struct{}

func (unannotated) CrashLines(string) []int                          { return nil }
func (unannotated) Family(string) string                             { return "" }
func (unannotated) About(string) page.About                          { return page.About{} }
func (unannotated) Report(results.Run, results.Cell) (string, error) { return "", nil }

// limits are the limits of a server. They are variables of the Server, so that
// tests can reach them.
type limits struct {
	poll      time.Duration // between two polls of the store while clients watch
	heartbeat time.Duration // between two heartbeats in an idle stream
	write     time.Duration // for a client to accept one write of a stream
	linger    time.Duration // a run stays watched for clients that reconnect
	kept      int           // events of a run that a client can be behind
	streams   int           // open at once
	readers   int           // documents being built at once
	cacheSize int           // bytes of documents kept
	cells     int           // in one document
	mapCells  int           // in one map

	flakyCells int // of all runs that are compared for flaky ones
}

var defaultLimits = limits{
	poll: 500 * time.Millisecond, heartbeat: 15 * time.Second, write: 10 * time.Second, linger: time.Minute,
	kept: 8192, streams: 256, readers: 2, cacheSize: 128 << 20, cells: 200_000, mapCells: 1_000_000, flakyCells: 5_000_000,
}

// Server answers requests about a store.
type Server struct {
	cfg     Config
	limits  limits
	now     func() time.Time
	changes *store.Changes
	cache   *cache
	tallies tallies
	trends  trends
	last    lastOverview
	hub     *hub
	guard   guard
	handler http.Handler
	streams chan struct{} // one slot per open stream
}

// New creates a server; Close releases its resources. Call Serve, or use its
// Handler.
func New(ctx context.Context, cfg Config) (*Server, error) { return newServer(ctx, cfg, defaultLimits) }

func newServer(ctx context.Context, cfg Config, l limits) (*Server, error) {
	changes, err := cfg.Store.Changes(ctx)
	if err != nil {
		return nil, err
	}
	if cfg.Judge == nil {
		cfg.Judge = asStored{}
	}
	if cfg.Annotator == nil {
		cfg.Annotator = unannotated{}
	}
	if cfg.Log == nil {
		cfg.Log = func(error) {}
	}
	s := &Server{
		cfg: cfg, limits: l, now: time.Now, changes: changes,
		cache: newCache(l.cacheSize, l.readers), guard: newGuard(cfg.Token, cfg.Loopback), streams: make(chan struct{}, l.streams),
	}
	s.hub = newHub(s)
	s.handler = s.routes()
	return s, nil
}

// Close releases the server's connection to the store.
func (s *Server) Close() error { return s.changes.Close() }

// Bounds of one request and its response.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	answerTime = 2 * time.Minute // the cells of a large run over a slow line
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10 // bytes, including the request line
	maxBody    = 4 << 10  // bytes
	stopTime   = 2 * time.Second
)

// Serve answers requests until ctx ends. That closes all streams at once and is
// not an error.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served, polled := make(chan error, 1), make(chan struct{})
	go func() { served <- srv.Serve(l) }()
	go func() { s.hub.run(ctx); close(polled) }()
	var err error
	select {
	case err = <-served: // the listener failed
		cancel()
	case <-ctx.Done():
		// Streams end with ctx; other requests get a moment to finish.
		stop, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer done()
		if e := srv.Shutdown(stop); e != nil {
			err = srv.Close()
		}
		if e := <-served; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	<-polled
	if err != nil {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	return nil
}

// Handler answers requests without a listener. Streams send nothing new until
// Serve runs.
func (s *Server) Handler() http.Handler { return s.handler }

// routes maps paths to handlers. Requests are checked first.
func (s *Server) routes() http.Handler {
	api := http.NewServeMux()
	for pattern, answer := range map[string]func(http.ResponseWriter, *http.Request) error{
		"/api/runs":                  s.runs,
		"/api/runs/{ref}":            s.run,
		"/api/runs/{ref}/cells":      s.cells,
		"/api/runs/{ref}/tests":      s.tests,
		"/api/runs/{ref}/cell":       s.cell,
		"/api/runs/{ref}/violations": s.violations,
		"/api/runs/{ref}/vectors":    s.vectors,
		"/api/runs/{ref}/times":      s.times,
		"/api/runs/{ref}/events":     s.events,
		"/api/diff":                  s.diff,
		"/api/trend":                 s.trend,
		"/api/history":               s.history,
		"/api/flaky":                 s.flaky,
		"/api/bisections":            s.searches,
		"/api/map":                   s.kernelMap,
		"/api/schema.json":           s.schema,
		"/api/":                      unknownPath,
		"/metrics":                   s.metrics,
	} {
		api.Handle(pattern, s.guard.members(s.readOnly(answer)))
	}
	api.Handle("/api/session", s.answering(s.session))
	files := page.Handler()
	api.Handle("/", s.readOnly(func(w http.ResponseWriter, r *http.Request) error {
		files.ServeHTTP(w, r)
		return nil
	}))
	return secured(s.guard.hosts(api))
}

// readOnly wraps a handler that accepts only GET and HEAD.
func (s *Server) readOnly(answer func(http.ResponseWriter, *http.Request) error) http.Handler {
	return s.answering(func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			return &requestError{http.StatusMethodNotAllowed, r.Method + " is not supported, the API is read-only: use GET"}
		}
		return answer(w, r)
	})
}

func unknownPath(_ http.ResponseWriter, r *http.Request) error {
	return &requestError{http.StatusNotFound, fmt.Sprintf("%q does not exist: docs/api.md lists the endpoints", cut(r.URL.Path))}
}

// policy parses the policy in a request; empty means the run's own.
func policy(name string) (outcome.Policy, error) {
	if name == "" {
		return "", nil
	}
	p, err := outcome.ParsePolicy(cut(name))
	if err != nil {
		return "", badRequest("policy: %s", err)
	}
	return p, nil
}
