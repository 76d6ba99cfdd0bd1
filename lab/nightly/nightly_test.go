package nightly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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

// Against a fixed baseline each change is reported once, and once more
// when it is over.
func TestFixedBaseline(t *testing.T) {
	h := newHarness(t)
	out := h.expect("the first", true, changes.StatusSame, "nothing to compare with yet")
	if !strings.Contains(h.box.got[0].Text, "is now the baseline") {
		t.Errorf("the baseline is not reported:\n%s", h.box.got[0].Text)
	}
	if base, err := h.store().Run(t.Context(), "@baseline"); err != nil || base.ID != out.News.Run.ID {
		t.Errorf("the baseline is %s, %v", base.ID, err)
	}
	h.expect("the second", false, changes.StatusSame, "as before")
	h.cells["A"] = "fail zeroed"
	h.expect("a failure", true, changes.StatusRegressed, "1 new failure")
	if text := h.box.got[1].Text; !strings.Contains(text, "6.12.117-test xfs splice.A: pass (snapshot) -> fail (zeroed)\n") || !strings.Contains(text, "splicelab run -k 6.12.117-test") {
		t.Errorf("the failure is not reported:\n%s", text)
	}
	if want := "splicelab lab1: 1 new failure"; h.box.got[1].Subject != want {
		t.Errorf("subject %q, want %q", h.box.got[1].Subject, want)
	}
	h.expect("the failure again", false, changes.StatusRegressed, "1 new failure")
	h.cells["A"] = "pass snapshot"
	h.expect("it is over", true, changes.StatusSame, "as before")
	h.expect("and stays so", false, changes.StatusSame, "as before")
	h.cells["B"] = "pass snapshot"
	h.expect("a fix", true, changes.StatusSame, "1 fixed")
	delete(h.cells, "B")
	h.cells["C"] = "pass"
	h.expect("came and went", true, changes.StatusSame, "1 new cell, 1 cell vanished")
	// The user moves the baseline: nothing differs from it.
	if err := h.store().Mark(t.Context(), results.Baseline, h.run(t.Context()).News.Run.ID); err != nil {
		t.Fatal(err)
	}
	h.expect("another baseline", false, changes.StatusSame, "as before")
	h.cfg.Always = true
	h.expect("always", true, changes.StatusSame, "as before")
}

// With the previous nightly run as the baseline, a persisting failure is reported
// once.
func TestPreviousAsBaseline(t *testing.T) {
	h := newHarness(t)
	h.cfg.Baseline = Previous
	h.expect("the first", true, changes.StatusSame, "nothing to compare with yet")
	if _, err := h.store().Run(t.Context(), "@baseline"); err == nil {
		t.Error("a baseline was set without request")
	}
	h.cells["A"] = "fail zeroed"
	h.expect("a failure", true, changes.StatusRegressed, "1 new failure")
	h.expect("it stays", false, changes.StatusSame, "as before")
	// The next run is not compared with an incomplete one.
	h.cells["A"] = "pass snapshot"
	h.edit = func(p *Performance) error { p.Sound = false; return errors.New("the store broke") }
	h.expect("incomplete", true, changes.StatusLab, "1 problem, 1 fixed")
	h.edit = nil
	h.expect("complete again", true, changes.StatusSame, "1 fixed")
	h.expect("and stays so", false, changes.StatusSame, "as before")
}

func TestProblemsAreReported(t *testing.T) {
	h := newHarness(t)
	h.run(t.Context())
	h.edit = func(p *Performance) error {
		p.Missing = []changes.Missing{{Kernel: "6.18", Reason: "no kernel matches it"}}
		return nil
	}
	h.expect("a kernel is missing", true, changes.StatusLab, "1 kernel missing")
	h.expect("still", false, changes.StatusLab, "1 kernel missing")
	h.edit = nil
	h.left = []string{"Late"}
	h.expect("not run", true, changes.StatusLab, "1 cell not run")
	h.left = nil
	h.cells["A"] = "infra"
	h.expect("infra", true, changes.StatusLab, "1 cell infra")
	h.cells["A"] = "pass snapshot"

	// An undelivered notification is sent again.
	h.box.err = errors.New("no such host")
	out := h.run(t.Context())
	if len(out.Failed) != 1 || !strings.Contains(out.Failed[0], "the notification was not delivered: no such host") {
		t.Errorf("failed: %q", out.Failed)
	}
	h.box.err = nil
	h.expect("reported at last", true, changes.StatusSame, "as before")
	h.expect("and only once", false, changes.StatusSame, "as before")
}

// The first complete run becomes the baseline, not an incomplete one.
func TestBaselineIsComplete(t *testing.T) {
	h := newHarness(t)
	h.edit = func(p *Performance) error { p.Sound = false; return nil }
	h.expect("incomplete", true, changes.StatusSame, "nothing to compare with yet")
	if _, err := h.store().Run(t.Context(), "@baseline"); err == nil {
		t.Error("an incomplete run is the baseline")
	}
	h.edit = nil
	h.expect("complete", false, changes.StatusSame, "nothing to compare with yet")
	h.expect("compared", false, changes.StatusSame, "as before")

	h.cfg.Baseline = "@release"
	var none *results.RunError
	if _, err := Run(t.Context(), h.cfg, h.tools); !errors.As(err, &none) || !strings.Contains(err.Error(), "nightly.baseline: ") {
		t.Errorf("a missing baseline: %v", err)
	}
	if h.runs != 3 {
		t.Errorf("%d runs, want 3: nothing runs before the baseline is known", h.runs)
	}
}

func TestDeadline(t *testing.T) {
	h := newHarness(t)
	h.run(t.Context())
	h.cfg.Deadline = time.Millisecond
	h.left = []string{"Late"}
	perform := h.tools.run
	h.tools.run = func(ctx context.Context, s *store.Store, begun func(string)) (Performance, error) {
		<-ctx.Done()
		p, err := perform(context.WithoutCancel(ctx), s, begun)
		return p, errors.Join(err, context.Cause(ctx))
	}
	out := h.expect("too late", true, changes.StatusLab, "1 problem, 1 cell not run")
	if len(out.News.Problems) != 1 || !strings.Contains(out.News.Problems[0], "the deadline of 1ms passed") {
		t.Errorf("problems: %q", out.News.Problems)
	}
}

// An interrupted nightly run reports the cells that were not run.
func TestStopped(t *testing.T) {
	h := newHarness(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted by terminated"))
	out := h.run(ctx)
	if len(h.box.got) != 1 || out.News.Status() != changes.StatusLab || !strings.Contains(h.box.got[0].Text, "PROBLEM: context canceled") && !strings.Contains(h.box.got[0].Text, "PROBLEM: interrupted") {
		t.Errorf("%+v, sent %+v", out.News.Problems, h.box.got)
	}
}

func TestReportsAndPruning(t *testing.T) {
	h := newHarness(t)
	out := h.run(t.Context())
	var names []string
	for _, f := range out.Reports {
		if _, err := os.Stat(f); err != nil {
			t.Error(err)
		}
		names = append(names, filepath.Base(f))
	}
	if want := []string{"report.html", "report.json", "news.txt", "news.json"}; !slices.Equal(names, want) {
		t.Errorf("reports %q, want %q", names, want)
	}
	latest := func() string {
		t.Helper()
		name, err := filepath.EvalSymlinks(filepath.Join(h.cfg.Reports, "latest"))
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	if latest() != filepath.Dir(out.Reports[0]) {
		t.Errorf("latest is %s, want %s", latest(), filepath.Dir(out.Reports[0]))
	}
	var document changes.Document
	b, err := os.ReadFile(filepath.Join(latest(), "news.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &document); err != nil || document.Run.ID != out.News.Run.ID {
		t.Errorf("news.json: %v, run %q", err, document.Run.ID)
	}

	// Old runs and reports are removed; files of other origin are not.
	store := h.store()
	long := time.Now().AddDate(0, 0, -40)
	if err := store.BeginRun(t.Context(), results.Run{ID: "old", Started: long}); err != nil {
		t.Fatal(err)
	}
	if err := store.FinishRun(t.Context(), "old", long.Add(time.Hour), ""); err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		t.Helper()
		file := filepath.Join(h.cfg.Reports, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gone := []string{"nightly-20200101-023000/report.html", "nightly-20200101-023000/news.txt", "nightly-20200102-023000-2/report.junit.xml", "nightly-20200103-023000/.report.html.tmp", "nightly-20200104-023000/report.html"}
	stays := []string{"nightly-20200104-023000/notes.txt", "nightly-old/report.html", "report.html", "nightly-20200101-02300/report.html", time.Now().Format(reportLayout) + "-9/report.html"}
	for _, name := range slices.Concat(gone, stays) {
		put(name)
	}
	h.run(t.Context())
	for _, name := range gone {
		if _, err := os.Lstat(filepath.Join(h.cfg.Reports, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range stays {
		if _, err := os.Lstat(filepath.Join(h.cfg.Reports, name)); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(h.cfg.Reports, "nightly-20200101-023000")); err == nil {
		t.Error("an empty directory was left")
	}
	if _, err := store.Run(t.Context(), "old"); err == nil {
		t.Error("an old run is still there")
	}
	if _, err := store.Run(t.Context(), "@baseline"); err != nil {
		t.Errorf("the baseline is gone: %v", err)
	}
}

// If reports cannot be written, the rest is done.
func TestUnwritableReports(t *testing.T) {
	h := newHarness(t)
	if err := os.WriteFile(h.cfg.Reports, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	h.cfg.Explain = func(err error) string { return "explained: " + err.Error() }
	out := h.run(t.Context())
	if len(h.box.got) != 1 || len(out.Reports) != 0 || out.News.Status() != changes.StatusLab {
		t.Fatalf("sent %d, reports %q, status %s", len(h.box.got), out.Reports, out.News.Status())
	}
	if !strings.Contains(h.box.got[0].Text, "PROBLEM: explained: report directory: ") {
		t.Errorf("the problem is not reported:\n%s", h.box.got[0].Text)
	}
	if _, err := h.store().Run(t.Context(), out.News.Run.ID); err != nil {
		t.Error(err)
	}
}

// An unusable state directory is reported like any other problem.
func TestNoLock(t *testing.T) {
	h := newHarness(t)
	if err := os.WriteFile(h.cfg.State, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := h.run(t.Context())
	if len(h.box.got) != 1 || out.News.Status() != changes.StatusLab || h.runs != 0 || !strings.Contains(h.box.got[0].Text, "PROBLEM: state directory: ") {
		t.Errorf("sent %+v after %d runs", h.box.got, h.runs)
	}
}

func TestReportURL(t *testing.T) {
	h := newHarness(t)
	h.cfg.ReportURL = "https://lab.example.org/reports/"
	out := h.run(t.Context())
	want := "report: https://lab.example.org/reports/" + out.News.Started.Local().Format(reportLayout) + "/report.html\n"
	if !strings.Contains(h.box.got[0].Text, want) {
		t.Errorf("the text does not have %q:\n%s", want, h.box.got[0].Text)
	}
	if _, err := os.Stat(filepath.Join(h.cfg.Reports, "latest", "report.html")); err != nil {
		t.Error(err)
	}
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
