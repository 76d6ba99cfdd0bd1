package history_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/store"
)

// historyStore has six runs an hour apart, named a to f. Cell A fails in a and
// d, in d after a retry; B has no verdict in e; C is only in f.
func historyStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "results.db"))
	resultstest.Must(t, err)
	t.Cleanup(func() { resultstest.Must(t, s.Close()) })
	for i, id := range []string{"a", "b", "c", "d", "e", "f"} {
		resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run(id, time.Duration(i)*time.Hour)))
		add := func(kernel, test string, n int, v outcome.Verdict) {
			resultstest.Must(t, s.AddAttempt(t.Context(), id, new(resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: "s.Test" + test}, n, v, ""))))
		}
		verdict := func(bad bool) outcome.Verdict {
			if bad {
				return outcome.Fail
			}
			return outcome.Pass
		}
		add("6.12.9", "A", 1, verdict(id == "a" || id == "d"))
		if id == "d" {
			add("6.12.9", "A", 2, outcome.Pass)
		}
		if id == "e" {
			add("6.12.9", "B", 1, outcome.Infra)
		} else {
			add("6.12.9", "B", 1, outcome.Pass)
		}
		if id == "f" {
			add("6.12.117", "A", 1, outcome.Fail)
			add("6.1.0-9-x", "A", 1, outcome.Fail)
			add("6.12.9", "C", 1, outcome.Skip)
		}
		resultstest.Must(t, s.FinishRun(t.Context(), id, resultstest.T0.Add(24*time.Hour), ""))
	}
	return s
}

func TestHistory(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	a := results.CellKey{Kernel: "6.12.9", FS: "xfs", Test: "s.TestA"}
	summarize := func(past []history.Past, err error) (all []string) {
		t.Helper()
		resultstest.Must(t, err)
		for _, p := range past {
			all = append(all, fmt.Sprintf("%s %s %s%s", p.Run.ID, p.Cell.Kernel, p.Cell.Verdict, p.Cell.Flaky))
		}
		return all
	}
	want := []string{"f 6.12.9 pass", "e 6.12.9 pass", "d 6.12.9 fail1/2", "c 6.12.9 pass", "b 6.12.9 pass", "a 6.12.9 fail"}
	if d := cmp.Diff(want, summarize(history.Of(ctx, s, a, nil, 0))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[:2], summarize(history.Of(ctx, s, a, nil, 2))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[3:5], summarize(history.Of(ctx, s, a, &results.Run{ID: "c", Started: resultstest.T0.Add(2 * time.Hour)}, 2))); d != "" {
		t.Error("up to a run: " + d)
	}
	if got := summarize(history.Of(ctx, s, results.CellKey{Kernel: "6.12.9", FS: "xfs", Test: "s.TestNone"}, nil, 0)); got != nil {
		t.Error(got)
	}
	want = append([]string{"f 6.12.117 fail"}, want...)
	if d := cmp.Diff(want[:4], summarize(history.OfSeries(ctx, s, a, nil, 4))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, summarize(history.OfSeries(ctx, s, a, nil, 0))); d != "" {
		t.Error(d)
	}
}

func TestFindCell(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	for name, want := range map[string]string{"6.12": "6.12.117", "6.12.9": "6.12.9", "6.1": "6.1.0-9-x", "6": "6.12.117", "6.12.11": "", "": ""} {
		got, ok, err := history.FindCell(ctx, s, results.CellKey{Kernel: name, FS: "xfs", Test: "s.TestA"})
		resultstest.Must(t, err)
		if got.Kernel != want || ok != (want != "") {
			t.Errorf("%q is %v, %v, want %q", name, got, ok, want)
		}
	}
	// In the newest run another kernel of the series has the cell.
	if got, _, err := history.FindCell(ctx, s, results.CellKey{Kernel: "6.12", FS: "xfs", Test: "s.TestB"}); err != nil || got.Kernel != "6.12.9" {
		t.Error(got, err)
	}
}

func TestHistories(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	same := func(cells []results.Cell) []results.Cell { return cells }
	keys := []results.CellKey{{Kernel: "6.12.9", FS: "xfs", Test: "s.TestA"}, {Kernel: "6.12.9", FS: "xfs", Test: "s.TestB"}, {Kernel: "6.12.9", FS: "xfs", Test: "s.TestC"}}
	e, err := s.Run(ctx, "e")
	resultstest.Must(t, err)
	f, err := s.Run(ctx, "f")
	resultstest.Must(t, err)
	for _, c := range []struct {
		upTo  results.Run
		depth int
		want  map[results.CellKey]history.Rate
	}{
		{e, 20, map[results.CellKey]history.Rate{keys[0]: {Failed: 2, Attempts: 6}, keys[1]: {Failed: 0, Attempts: 4}}},
		{e, 2, map[results.CellKey]history.Rate{keys[0]: {Failed: 1, Attempts: 3}, keys[1]: {Failed: 0, Attempts: 2}}}, // infra does not count
		{f, 1, map[results.CellKey]history.Rate{keys[0]: {Failed: 0, Attempts: 1}, keys[1]: {Failed: 0, Attempts: 1}}}, // neither does a skip
	} {
		got, err := history.Rates(ctx, s, keys, c.upTo, c.depth, same, resultstest.BadVerdict)
		resultstest.Must(t, err)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("up to %s, %d deep: %s", c.upTo.ID, c.depth, d)
		}
		// Many keys are read by a scan, with the same result.
		many := append([]results.CellKey{}, keys...)
		for i := range 1000 {
			many = append(many, results.CellKey{Kernel: "6.12.9", FS: "xfs", Test: fmt.Sprint("s.TestNone", i)})
		}
		got, err = history.Rates(ctx, s, many, c.upTo, c.depth, same, resultstest.BadVerdict)
		resultstest.Must(t, err)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("by scanning, up to %s, %d deep: %s", c.upTo.ID, c.depth, d)
		}
	}
}

func TestSubject(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	resultstest.Must(t, s.Mark(ctx, results.Baseline, "b"))
	for ref, want := range map[string]string{
		"b": "b ", "latest": "f ", "@baseline": "b ", "kernel:6.12": "f 6.12.117", "kernel:6.12.9": "f 6.12.9", "kernel:6.1": "f 6.1.0-9-x",
		"c/kernel:6.12": "c 6.12.9", "@baseline/kernel:6.12": "b 6.12.9", "latest~1/kernel:6.12.9": "e 6.12.9",
	} {
		got, err := history.FindSubject(ctx, s, ref)
		if err != nil || got.Run.ID+" "+got.Kernel != want {
			t.Errorf("%s is %s %s, %v, want %s", ref, got.Run.ID, got.Kernel, err, want)
		}
	}
	var run *results.RunError
	var kernel *results.KernelError
	for _, ref := range []string{"x", "x/kernel:6.12"} {
		if _, err := history.FindSubject(ctx, s, ref); !errors.As(err, &run) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for _, ref := range []string{"kernel:6.13", "kernel:", "c/kernel:6.1"} {
		if _, err := history.FindSubject(ctx, s, ref); !errors.As(err, &kernel) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	kernels, err := s.Kernels(ctx, "f")
	resultstest.Must(t, err)
	if d := cmp.Diff([]string{"6.1.0-9-x", "6.12.9", "6.12.117"}, results.ReleaseNames(kernels)); d != "" {
		t.Error(d)
	}
	if none, err := s.Kernels(ctx, "nowhere"); err != nil || none != nil {
		t.Error(none, err)
	}
}
