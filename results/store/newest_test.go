package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// TestNewest: the newest run with a result other than infra counts. Tests with
// longer names are different tests.
func TestNewest(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	at := func(kernel, test string) results.CellKey {
		return results.CellKey{Kernel: kernel, FS: "xfs", Test: test}
	}
	old, page, longer := at("6.1.9", "splice.TestPunchHole/page"), at("6.12.1", "splice.TestPunchHole/page"), at("6.12.1", "splice.TestPunchHoles")
	for i, attempts := range [][]results.Attempt{
		{resultstest.Attempt(old, 1, outcome.Fail, outcome.Zeroed), resultstest.Attempt(page, 1, outcome.Fail, outcome.Zeroed), resultstest.Attempt(longer, 1, outcome.Pass, outcome.Live)},
		{resultstest.Attempt(page, 1, outcome.Infra, ""), resultstest.Attempt(page, 2, outcome.Pass, outcome.Snapshot)},
		{resultstest.Attempt(page, 1, outcome.Infra, "")},
	} {
		id := []string{"one", "two", "three"}[i]
		resultstest.Must(t, s.BeginRun(ctx, resultstest.Run(id, time.Duration(i)*time.Hour)))
		for _, a := range attempts {
			resultstest.Must(t, s.AddAttempt(ctx, id, &a))
		}
	}
	seen, err := s.Newest(ctx, "splice.TestPunchHole")
	resultstest.Must(t, err)
	var got []string
	for _, c := range seen {
		got = append(got, c.Run+" "+c.Kernel+" "+string(c.Verdict)+" "+string(c.Outcome))
	}
	want := []string{"one 6.1.9 fail zeroed", "two 6.12.1 pass snapshot"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNewestOf: each cell of a kernel is from the newest run that has a verdict
// for it, whichever run that is, but not from a step of another command. When a
// run is removed, the next older one takes its place.
func TestNewestOf(t *testing.T) {
	ctx, s := t.Context(), fresh(t)
	const kernel, other = "6.1.9-x", "6.12.1-x"
	cell := func(kernel, test string, v outcome.Verdict) results.Attempt {
		return resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, 1, v, "")
	}
	for _, r := range []struct {
		id       string
		hour     int
		origin   results.Origin
		attempts []results.Attempt
	}{
		{"matrix", 1, results.OriginUser, []results.Attempt{cell(kernel, "s.TestA", outcome.Pass), cell(kernel, "s.TestB", outcome.Pass), cell(other, "s.TestA", outcome.Pass)}},
		{"few", 3, results.OriginNightly, []results.Attempt{cell(kernel, "s.TestA", outcome.Fail), cell(kernel, "s.TestB", outcome.Infra)}},
		{"step", 4, results.OriginBisect, []results.Attempt{cell(kernel, "s.TestA", outcome.Crash), cell("6.2-x", "s.TestA", outcome.Crash)}},
		// Recorded later, but an older run.
		{"older", 2, results.OriginImport, []results.Attempt{cell(kernel, "s.TestA", outcome.Hang), cell(kernel, "s.TestC", outcome.Skip)}},
	} {
		run := resultstest.Run(r.id, time.Duration(r.hour)*time.Hour)
		run.Origin = r.origin
		resultstest.Must(t, s.BeginRun(ctx, run))
		for _, a := range r.attempts {
			resultstest.Must(t, s.AddAttempt(ctx, r.id, &a))
		}
		resultstest.Must(t, s.FinishRun(ctx, r.id, run.Started.Add(time.Minute), ""))
	}
	check := func(want ...string) {
		t.Helper()
		cells, runs, err := s.NewestOf(ctx, kernel)
		resultstest.Must(t, err)
		var got []string
		for _, c := range cells {
			got = append(got, c.Test+" "+string(c.Verdict))
		}
		for _, r := range runs {
			got = append(got, r.ID)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	check("s.TestA fail", "s.TestB pass", "s.TestC skip", "few", "older", "matrix")
	kernels, err := s.NewestKernels(ctx)
	resultstest.Must(t, err)
	if d := cmp.Diff([]string{kernel, other}, results.ReleaseNames(kernels)); d != "" {
		t.Error(d)
	}

	resultstest.Must(t, s.Mark(ctx, "kept", "matrix"))
	_, err = s.Prune(ctx, resultstest.T0.Add(150*time.Minute)) // removes older
	resultstest.Must(t, err)
	check("s.TestA fail", "s.TestB pass", "few", "matrix")
	removed, err := s.Prune(ctx, resultstest.T0.Add(100*time.Hour))
	resultstest.Must(t, err)
	if d := cmp.Diff([]string{"few", "step"}, removed); d != "" {
		t.Error(d)
	}
	check("s.TestA pass", "s.TestB pass", "matrix")
}
