package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestImportIsWholeOrNothing(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	r := resultstest.Run("import-1", 0)
	r.Finished, r.Problem = resultstest.T0.Add(time.Minute), "result 2 of 2 is missing"
	first, second := resultstest.Attempt(resultstest.Key, 1, outcome.Fail, outcome.Zeroed), resultstest.Attempt(resultstest.Key, 2, outcome.Pass, outcome.None)
	bad := second
	bad.Verdict = "perfect"
	for name, attempts := range map[string][]results.Attempt{"a verdict": {first, bad}, "twice the same": {first, first}} {
		if known, err := s.Import(ctx, r, attempts); err == nil || known {
			t.Errorf("%s: known %v, %v", name, known, err)
		}
		if _, err := s.Run(ctx, r.ID); err == nil {
			t.Errorf("%s: the run is there", name)
		}
	}
	for i := range 2 { // importing again changes nothing
		known, err := s.Import(ctx, r, []results.Attempt{first, second}[:2-i])
		resultstest.Must(t, err)
		if known != (i == 1) {
			t.Errorf("import %d: known %v", i, known)
		}
	}
	// Its kernels and filesystems are those of its results.
	r.Kernels = []results.Kernel{results.KernelOf(resultstest.Key.Kernel)}
	r.Selected.Filesystems = []string{resultstest.Key.FS}
	runs, err := s.Runs(ctx)
	resultstest.Must(t, err)
	want := []results.RunSummary{{Run: r, Tally: results.Tally{Cells: 1, Verdicts: map[outcome.Verdict]int{outcome.Fail: 1},
		Outcomes: map[outcome.Outcome]int{outcome.Zeroed: 1}, Classes: map[outcome.Class]int{outcome.Deviates: 1}, Flaky: 1}}}
	if d := cmp.Diff(want, runs); d != "" {
		t.Error(d)
	}
	got, err := s.Attempts(ctx, r.ID, resultstest.Key)
	resultstest.Must(t, err)
	first.Platform, second.Platform = r.Kernels[0].Platform, r.Kernels[0].Platform
	if d := cmp.Diff([]results.Attempt{first, second}, got); d != "" {
		t.Error(d)
	}
	r.ID, r.Finished = "import-2", time.Time{}
	if _, err := s.Import(ctx, r, nil); err == nil {
		t.Error("an unfinished run was imported")
	}
}
