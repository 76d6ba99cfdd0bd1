package nightly

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/store"
)

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
