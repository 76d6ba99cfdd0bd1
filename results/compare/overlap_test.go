package compare

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func cellsOf(kernel string, tests ...string) []results.Cell {
	var cells []results.Cell
	for _, test := range tests {
		a := results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, N: 1, Verdict: outcome.Pass}
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
	}
	return cells
}

// What an unfinished run lacks is pending, and no vanished cell; in whichever
// order the runs are named.
func TestUnfinishedRunsLackNothing(t *testing.T) {
	whole, part := cellsOf("6.1.1", "s.TestA", "s.TestB", "s.TestC"), cellsOf("6.1.1", "s.TestA", "s.TestD")
	done, pending := results.Run{ID: "done", Planned: 3}, results.Run{ID: "pending", Planned: 4, Pending: true}
	d := Diff(whole, part)
	d.Unfinished(done, pending, len(whole), len(part))
	if d.Gone != nil || len(d.New) != 1 || d.Pending != [2]int{0, 2} || d.Same != 1 {
		t.Errorf("%+v", d)
	}
	d = Diff(part, whole)
	d.Unfinished(pending, done, len(part), len(whole))
	if d.New != nil || len(d.Gone) != 1 || d.Pending != [2]int{2, 0} || d.Same != 1 {
		t.Errorf("the other way round: %+v", d)
	}
	d = Diff(whole, part)
	d.Unfinished(done, results.Run{Planned: 4}, len(whole), len(part))
	if len(d.Gone) != 2 || d.Pending != [2]int{} {
		t.Errorf("a finished run: %+v", d)
	}
}

func TestDisjoint(t *testing.T) {
	a, b := cellsOf("6.1.1", "s.TestA"), cellsOf("6.1.1", "s.TestB")
	failed := cellsOf("6.1.1", "s.TestA")
	failed[0].Verdict = outcome.Fail
	for name, c := range map[string]struct {
		d    Difference
		want bool
	}{
		"none":          {Diff(nil, nil), true},
		"other tests":   {Diff(a, b), true},
		"one is empty":  {Diff(a, nil), true},
		"the same":      {Diff(a, a), false},
		"another":       {Diff(a, failed), false},
		"other kernels": {Diff(a, cellsOf("6.12.1", "s.TestA")), true},
	} {
		if got := c.d.Disjoint(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestSummary(t *testing.T) {
	var many []results.Cell
	for _, kernel := range []string{"6.12.1", "5.10.9", "6.1.1", "6.6.4", "6.18.2"} {
		many = append(many, cellsOf(kernel, "s.TestA", "s.TestB")...)
	}
	many[1].Verdict = outcome.Crash
	d := Diff(cellsOf("6.6.4", "s.TestA"), many)
	if got, want := d.Summary(d.New), "kernels 5.10.9, 6.1.1, 6.12.1, 1 more on xfs; test s.TestB (8 pass, 1 crash)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
