package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// TestWatch follows a run that is written through another connection to the
// same file, as another process would.
func TestWatch(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	writer, reader := open(t, path), open(t, path)
	resultstest.Must(t, writer.BeginRun(ctx, resultstest.Run("r", 0)))
	add := func(k results.CellKey, n int, v outcome.Verdict, o outcome.Outcome) {
		t.Helper()
		resultstest.Must(t, writer.AddAttempt(ctx, "r", new(resultstest.Attempt(k, n, v, o))))
	}
	other := results.CellKey{Kernel: "5.10.0-46-cloud-amd64", FS: "tmpfs", Test: "splice.TestEOF"}
	third := results.CellKey{Kernel: resultstest.Key.Kernel, FS: resultstest.Key.FS, Test: "splice.TestWrite/small-clean"}
	add(resultstest.Key, 1, outcome.Infra, outcome.None)

	w := reader.Watch("r")
	look := func(now time.Time) (Progress, []string) {
		t.Helper()
		p, err := w.Look(ctx, now)
		resultstest.Must(t, err)
		var came []string
		for _, c := range p.Came {
			came = append(came, fmt.Sprint(c.CellKey, " ", c.Verdict, " ", c.Attempts, " ", c.Again))
		}
		// The incremental tally equals a full count.
		cells, err := writer.Cells(ctx, "r")
		resultstest.Must(t, err)
		if diff := cmp.Diff(results.Count(cells), p.Tally); diff != "" {
			t.Errorf("tally (-counted +watched):\n%s", diff)
		}
		return p, came
	}
	for _, step := range []struct {
		do   func()
		want []string
	}{
		{func() {}, []string{resultstest.Key.String() + " infra 1 false"}},
		{func() {}, nil},
		{func() {
			add(resultstest.Key, 2, outcome.Fail, outcome.Live)
			add(third, 1, outcome.Pass, outcome.Snapshot)
			add(other, 1, outcome.Pass, outcome.None)
		}, []string{other.String() + " pass 1 false", resultstest.Key.String() + " fail 2 true", third.String() + " pass 1 false"}},
		// Two attempts between two Looks are one arrival, with the cell's result.
		{func() {
			add(resultstest.Key, 3, outcome.Pass, outcome.Snapshot)
			add(resultstest.Key, 4, outcome.Fail, outcome.Zeroed)
		}, []string{resultstest.Key.String() + " fail 4 true"}},
	} {
		step.do()
		p, came := look(resultstest.T0.Add(time.Minute))
		if diff := cmp.Diff(step.want, came); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !p.Finished.IsZero() {
			t.Error("finished already")
		}
	}
	resultstest.Must(t, writer.FinishRun(ctx, "r", resultstest.T0.Add(time.Hour), "a control cell failed"))
	p, came := look(resultstest.T0.Add(time.Hour))
	if p.Finished.IsZero() || p.Problem == "" || came != nil {
		t.Errorf("at the end: %+v, came %v", p.Run, came)
	}

	if _, err := writer.Prune(ctx, resultstest.T0.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var gone *results.RunError
	if _, err := w.Look(ctx, resultstest.T0); !errors.As(err, &gone) {
		t.Errorf("a pruned run: %v", err)
	}
}

// TestWatchPace: the pace is that of the last minute, or of the whole run if
// that is shorter, regardless of when Look is called.
func TestWatchPace(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(ctx, resultstest.Run("r", 0)))
	for n := range 90 { // a cell each second
		a := resultstest.Attempt(results.CellKey{Kernel: "6.12.1", FS: "xfs", Test: fmt.Sprintf("s.Test%d", n)}, 1, outcome.Pass, outcome.None)
		a.Finished = resultstest.T0.Add(time.Duration(n+1) * time.Second)
		resultstest.Must(t, s.AddAttempt(ctx, "r", &a))
	}
	w := s.Watch("r")
	for _, c := range []struct {
		after  time.Duration
		recent int
		span   time.Duration
	}{
		{0, 0, 0},
		{20 * time.Second, 20, 20 * time.Second},
		{90 * time.Second, 60, time.Minute},
		{120 * time.Second, 30, time.Minute},
		{time.Hour, 0, time.Minute},
		{-time.Hour, 0, 0}, // the clock was set back
	} {
		p, err := w.Look(ctx, resultstest.T0.Add(c.after))
		resultstest.Must(t, err)
		if p.Recent != c.recent || p.Span != c.span {
			t.Errorf("after %s: %d in %s, want %d in %s", c.after, p.Recent, p.Span, c.recent, c.span)
		}
	}
}

// TestChanges: only writes by other connections are detected.
func TestChanges(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "results.db")
	writer, reader := open(t, path), open(t, path)
	c, err := reader.Changes(ctx)
	resultstest.Must(t, err)
	t.Cleanup(func() { resultstest.Must(t, c.Close()) })
	version := func() int64 {
		t.Helper()
		v, err := c.Version(ctx)
		resultstest.Must(t, err)
		return v
	}
	first := version()
	if _, err := reader.Runs(ctx); err != nil {
		t.Fatal(err)
	}
	if again := version(); again != first {
		t.Errorf("%d after reading, %d before", again, first)
	}
	resultstest.Must(t, writer.BeginRun(ctx, resultstest.Run("r", 0)))
	second := version()
	if second == first {
		t.Error("a write by another connection is not detected")
	}
	resultstest.Must(t, reader.AddAttempt(ctx, "r", new(resultstest.Attempt(resultstest.Key, 1, outcome.Pass, outcome.None))))
	if version() == second {
		t.Error("a write by the same store is not detected")
	}
}
