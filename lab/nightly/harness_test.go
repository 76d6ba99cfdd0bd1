package nightly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/notify"
	"github.com/splicelab/splicelab/results/store"
)

// mailbox is a sender that stores messages.
type mailbox struct {
	got []notify.Message
	err error
}

func (m *mailbox) Send(_ context.Context, msg notify.Message) error {
	if m.err != nil {
		return m.err
	}
	m.got = append(m.got, msg)
	return nil
}

// harness executes nightly runs in a test: with real files and a real store, but
// with the cell results that the test sets.
type harness struct {
	t     *testing.T
	cfg   Config
	tools tools
	box   mailbox
	// cells are the next run's results by test: "pass", "fail zeroed".
	cells map[string]string
	// left are planned tests that it does not run.
	left []string
	edit func(*Performance) error
	runs int
}

func newHarness(t *testing.T) *harness {
	t.Helper()
	return newHarnessIn(t, t.TempDir())
}

func newHarnessIn(t *testing.T, dir string) *harness {
	t.Helper()
	h := &harness{t: t, cells: map[string]string{"A": "pass snapshot", "B": "fail live"}}
	h.cfg = Config{
		State: filepath.Join(dir, "state"), Store: filepath.Join(dir, "state", "results.db"), Reports: filepath.Join(dir, "reports"),
		Formats: []string{"html", "json"}, Baseline: "@baseline", KeepDays: 30, Senders: []notify.Sender{&h.box}, Host: "lab1",
	}
	h.tools = tools{
		run: h.perform,
		read: func(ctx context.Context, s *store.Store, ref string) (results.Run, []results.Cell, error) {
			run, err := s.Run(ctx, ref)
			if err != nil {
				return run, nil, err
			}
			cells, err := s.Cells(ctx, run.ID)
			return run, cells, err
		},
		render: func(_ context.Context, w io.Writer, format string, _ *store.Store, run results.Run, _ []results.Cell) error {
			_, err := fmt.Fprintf(w, "%s of %s\n", format, run.ID)
			return err
		},
		prune: func(context.Context, time.Time, bool) ([]string, error) { return nil, nil },
	}
	return h
}

// perform stores a run with the harness's cells.
func (h *harness) perform(ctx context.Context, store *store.Store, begun func(string)) (Performance, error) {
	h.runs++
	now := time.Now()
	run := results.Run{ID: results.NewRunID(now), Started: now, Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: uint64(h.runs), Planned: len(h.cells)}
	done := Performance{Run: run.ID, Sound: true}
	if err := store.BeginRun(ctx, run); err != nil {
		return Performance{}, err
	}
	begun(run.ID)
	for _, name := range h.left {
		done.Planned = append(done.Planned, results.CellKey{Kernel: "6.12.117-test", FS: "xfs", Test: "splice." + name})
	}
	for name, what := range h.cells {
		key := results.CellKey{Kernel: "6.12.117-test", FS: "xfs", Test: "splice." + name}
		done.Planned = append(done.Planned, key)
		verdict, out, _ := strings.Cut(what, " ")
		a := results.Attempt{CellKey: key, N: 1, Verdict: outcome.Verdict(verdict), Outcome: outcome.Outcome(out), Kind: outcome.Characterisation, Finished: now}
		if err := store.AddAttempt(ctx, run.ID, &a); err != nil {
			return done, err
		}
	}
	var err error
	if h.edit != nil {
		err = h.edit(&done)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	problem := ""
	if err != nil {
		problem = err.Error()
	}
	return done, errors.Join(err, store.FinishRun(context.WithoutCancel(ctx), run.ID, time.Now(), problem))
}

// run executes a nightly run.
func (h *harness) run(ctx context.Context) Outcome {
	h.t.Helper()
	out, err := Run(ctx, h.cfg, h.tools)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// expect runs a nightly run and checks its result: whether a notification was
// sent, its status and its subject.
func (h *harness) expect(what string, notified bool, status changes.Status, subject string) Outcome {
	h.t.Helper()
	before := len(h.box.got)
	out := h.run(h.t.Context())
	if sent := len(h.box.got) > before; out.Notified != notified || sent != notified {
		h.t.Errorf("%s: notified %t and sent %t, want %t", what, out.Notified, sent, notified)
	}
	if out.News.Status() != status || out.News.Subject() != subject {
		h.t.Errorf("%s: %s, %q; want %s, %q", what, out.News.Status(), out.News.Subject(), status, subject)
	}
	if len(out.Failed) > 0 {
		h.t.Errorf("%s: %q", what, out.Failed)
	}
	return out
}

func (h *harness) store() *store.Store {
	h.t.Helper()
	s, err := store.Open(h.cfg.Store)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = s.Close() })
	return s
}

// tools is a Runner made of functions, which a test can replace.
type tools struct {
	run    func(ctx context.Context, store *store.Store, begun func(run string)) (Performance, error)
	read   func(ctx context.Context, store *store.Store, ref string) (results.Run, []results.Cell, error)
	render func(ctx context.Context, w io.Writer, format string, store *store.Store, run results.Run, cells []results.Cell) error
	prune  func(ctx context.Context, before time.Time, short bool) (removed []string, err error)
}

func (t tools) Run(ctx context.Context, s *store.Store, begun func(run string)) (Performance, error) {
	return t.run(ctx, s, begun)
}

func (t tools) Read(ctx context.Context, s *store.Store, ref string) (results.Run, []results.Cell, error) {
	return t.read(ctx, s, ref)
}

// Assess considers no changed cell a flake.
func (t tools) Assess(context.Context, *store.Store, results.Run, results.Run, *compare.Difference) error {
	return nil
}

func (t tools) Render(ctx context.Context, w io.Writer, format string, s *store.Store, run results.Run, cells []results.Cell) error {
	return t.render(ctx, w, format, s, run, cells)
}

func (t tools) Prune(ctx context.Context, before time.Time, short bool) ([]string, error) {
	return t.prune(ctx, before, short)
}
