package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestMarks(t *testing.T) {
	ctx, s := t.Context(), fresh(t)
	key := results.CellKey{Kernel: "6.1.1", FS: "xfs", Test: "splice.TestWrite"}
	for i, id := range []string{"a", "b", "c"} {
		run := resultstest.Run(id, time.Duration(i)*24*time.Hour)
		resultstest.Must(t, s.BeginRun(ctx, run))
		if id != "c" {
			resultstest.Must(t, s.AddAttempt(ctx, id, new(resultstest.Attempt(key, 1, outcome.Pass, outcome.Snapshot))))
		}
		resultstest.Must(t, s.FinishRun(ctx, id, run.Started.Add(time.Hour), ""))
	}
	named := func(ref, want string) {
		t.Helper()
		r, err := s.Run(ctx, ref)
		if err != nil || r.ID != want {
			t.Errorf("%s: %q, %v; want %s", ref, r.ID, err, want)
		}
	}
	var none *results.RunError
	if _, err := s.Run(ctx, "@baseline"); !errors.As(err, &none) {
		t.Errorf("no baseline: %v", err)
	}
	resultstest.Must(t, s.Mark(ctx, results.Baseline, "a"))
	named("@baseline", "a")
	resultstest.Must(t, s.Mark(ctx, results.Baseline, "b"))
	named("@baseline", "b")
	if err := s.Mark(ctx, results.Baseline, "x"); !errors.As(err, &none) {
		t.Errorf("marking an unknown run: %v", err)
	}
	day := func(n int) string { return resultstest.T0.AddDate(0, 0, n).Local().Format("2006-01-02") }
	named(day(0), "a")
	named(day(1), "b")
	named(day(9), "c")
	named(resultstest.T0.Local().Format("2006-01-02T15:04"), "a")
	if _, err := s.Run(ctx, day(-1)); !errors.As(err, &none) {
		t.Errorf("before the first: %v", err)
	}

	removed, err := s.Prune(ctx, resultstest.T0.Add(36*time.Hour))
	resultstest.Must(t, err)
	if d := cmp.Diff([]string{"a"}, removed); d != "" {
		t.Error("marked runs must be kept: " + d)
	}
	var logs int
	resultstest.Must(t, s.read.QueryRow(`SELECT count(*) FROM log`).Scan(&logs))
	if left, err := s.Attempts(ctx, "a", key); err != nil || len(left) > 0 || logs != 1 {
		t.Errorf("left of it: %v, %v; %d logs", left, err, logs)
	}
	marks, err := s.Marks(ctx)
	resultstest.Must(t, err)
	if d := cmp.Diff(map[string][]string{"b": {results.Baseline}}, marks); d != "" {
		t.Error(d)
	}
}
