package results

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
)

// historyStore has six runs an hour apart, named a to f. Cell A fails in a and
// d, in d after a retry; B has no verdict in e; C is only in f.
func historyStore(t *testing.T) *Store {
	t.Helper()
	s := fresh(t)
	for i, id := range []string{"a", "b", "c", "d", "e", "f"} {
		must(t, s.BeginRun(t.Context(), run(id, time.Duration(i)*time.Hour)))
		add := func(kernel, test string, n int, v outcome.Verdict) {
			must(t, s.AddAttempt(t.Context(), id, attempt(CellKey{kernel, "xfs", "s.Test" + test}, n, v, "")))
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
	}
	return s
}

func TestHistory(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	a := CellKey{"6.12.9", "xfs", "s.TestA"}
	told := func(past []Past, err error) (all []string) {
		t.Helper()
		must(t, err)
		for _, p := range past {
			all = append(all, fmt.Sprintf("%s %s %s%s", p.Run.ID, p.Cell.Kernel, p.Cell.Verdict, p.Cell.Flaky))
		}
		return all
	}
	want := []string{"f 6.12.9 pass", "e 6.12.9 pass", "d 6.12.9 fail1/2", "c 6.12.9 pass", "b 6.12.9 pass", "a 6.12.9 fail"}
	if d := cmp.Diff(want, told(s.History(ctx, a, nil, 0))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[:2], told(s.History(ctx, a, nil, 2))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[3:5], told(s.History(ctx, a, &Run{ID: "c", Started: t0.Add(2 * time.Hour)}, 2))); d != "" {
		t.Error("up to a run: " + d)
	}
	if got := told(s.History(ctx, CellKey{"6.12.9", "xfs", "s.TestNone"}, nil, 0)); got != nil {
		t.Error(got)
	}
	want = append([]string{"f 6.12.117 fail"}, want...)
	if d := cmp.Diff(want[:4], told(s.SeriesHistory(ctx, a, nil, 4))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, told(s.SeriesHistory(ctx, a, nil, 0))); d != "" {
		t.Error(d)
	}
}

func TestFindCell(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	for name, want := range map[string]string{"6.12": "6.12.117", "6.12.9": "6.12.9", "6.1": "6.1.0-9-x", "6": "6.12.117", "6.12.11": "", "": ""} {
		got, ok, err := s.FindCell(ctx, CellKey{name, "xfs", "s.TestA"})
		must(t, err)
		if got.Kernel != want || ok != (want != "") {
			t.Errorf("%q is %v, %v, want %q", name, got, ok, want)
		}
	}
	// In the newest run the series has the cell on another of its kernels.
	if got, _, err := s.FindCell(ctx, CellKey{"6.12", "xfs", "s.TestB"}); err != nil || got.Kernel != "6.12.9" {
		t.Error(got, err)
	}
}

func TestHistories(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	same := func(cells []Cell) []Cell { return cells }
	keys := []CellKey{{"6.12.9", "xfs", "s.TestA"}, {"6.12.9", "xfs", "s.TestB"}, {"6.12.9", "xfs", "s.TestC"}}
	e, err := s.Run(ctx, "e")
	must(t, err)
	f, err := s.Run(ctx, "f")
	must(t, err)
	for _, c := range []struct {
		upTo  Run
		depth int
		want  map[CellKey]Rate
	}{
		{e, 20, map[CellKey]Rate{keys[0]: {2, 6}, keys[1]: {0, 4}}},
		{e, 2, map[CellKey]Rate{keys[0]: {1, 3}, keys[1]: {0, 2}}}, // infra is no history
		{f, 1, map[CellKey]Rate{keys[0]: {0, 1}, keys[1]: {0, 1}}}, // nor is a skip
	} {
		got, err := s.Histories(ctx, keys, c.upTo, c.depth, same, BadVerdict)
		must(t, err)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("up to %s, %d deep: %s", c.upTo.ID, c.depth, d)
		}
		// Many keys are read in another way, and come to the same.
		many := append([]CellKey{}, keys...)
		for i := range 2 * probesPerScan {
			many = append(many, CellKey{"6.12.9", "xfs", fmt.Sprint("s.TestNone", i)})
		}
		got, err = s.Histories(ctx, many, c.upTo, c.depth, same, BadVerdict)
		must(t, err)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("by scanning, up to %s, %d deep: %s", c.upTo.ID, c.depth, d)
		}
	}
}

func TestSubject(t *testing.T) {
	s, ctx := historyStore(t), t.Context()
	must(t, s.Mark(ctx, Baseline, "b"))
	for ref, want := range map[string]string{
		"b": "b ", "latest": "f ", "@baseline": "b ", "kernel:6.12": "f 6.12.117", "kernel:6.12.9": "f 6.12.9", "kernel:6.1": "f 6.1.0-9-x",
		"c/kernel:6.12": "c 6.12.9", "@baseline/kernel:6.12": "b 6.12.9", "latest~1/kernel:6.12.9": "e 6.12.9",
	} {
		got, err := s.Subject(ctx, ref)
		if err != nil || got.Run.ID+" "+got.Kernel != want {
			t.Errorf("%s is %s %s, %v, want %s", ref, got.Run.ID, got.Kernel, err, want)
		}
	}
	var run *RunError
	var kernel *KernelError
	for _, ref := range []string{"x", "x/kernel:6.12"} {
		if _, err := s.Subject(ctx, ref); !errors.As(err, &run) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for _, ref := range []string{"kernel:6.13", "kernel:", "c/kernel:6.1"} {
		if _, err := s.Subject(ctx, ref); !errors.As(err, &kernel) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	kernels, err := s.Kernels(ctx, "f")
	must(t, err)
	if d := cmp.Diff([]string{"6.1.0-9-x", "6.12.9", "6.12.117"}, kernels); d != "" {
		t.Error(d)
	}
	if none, err := s.Kernels(ctx, "nowhere"); err != nil || none != nil {
		t.Error(none, err)
	}
}
