package compare_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
)

func trendCells(kernel string, outcomes ...outcome.Outcome) []results.Cell {
	var cells []results.Cell
	for i, o := range outcomes {
		v := outcome.PolicyAlias.Accepts(o)
		verdict := map[bool]outcome.Verdict{true: outcome.Pass, false: outcome.Fail}[v]
		if o == "infra" {
			verdict, o = outcome.Infra, outcome.None
		}
		a := resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: fmt.Sprint("s.Test", i)}, 1, verdict, o)
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
	}
	return cells
}

// A point release is compared with the one that it replaces, what is only in one
// run is not news, and infra is nothing that was seen.
func TestTrend(t *testing.T) {
	const s, l, p, infra = outcome.Snapshot, outcome.Live, outcome.PhantomZero, outcome.Outcome("infra")
	of := map[string][]results.Cell{
		"a": trendCells("6.12.1", s, l, p, s),
		"b": trendCells("6.12.2", p, p, s, infra),
		"c": trendCells("6.12.2", p, p, s, p, p),
	}
	runs := []results.Run{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	got, err := compare.Trend(runs, func(r results.Run) ([]results.Cell, error) { return of[r.ID], nil })
	if err != nil {
		t.Fatal(err)
	}
	want := []compare.TrendPoint{
		{Run: "a", Cells: 4, Violations: 1, Deviations: 1},
		{Run: "b", Cells: 4, Violations: 2, New: 2, Fixed: 1},
		{Run: "c", Cells: 5, Violations: 4},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestComparable(t *testing.T) {
	xfs, quick := results.Selected{Filesystems: []string{"xfs"}, Tests: "quick cells"}, results.Selected{Filesystems: []string{"xfs", "ext4"}, Tests: "quick cells"}
	all := results.Selected{Filesystems: []string{"xfs"}, Tests: "all cells"}
	runs := []results.Run{{ID: "5", Selected: xfs}, {ID: "4", Selected: quick}, {ID: "3", Selected: xfs}, {ID: "2", Selected: all}, {ID: "1", Selected: xfs}}
	ids := func(runs []results.Run) (s string) {
		for _, r := range runs {
			s += r.ID
		}
		return s
	}
	if got := ids(compare.Comparable(runs, 10)); got != "135" {
		t.Errorf("comparable are %s, want 135", got)
	}
	if got := ids(compare.Comparable(runs, 2)); got != "35" {
		t.Errorf("the newest two are %s, want 35", got)
	}
	if got := compare.Comparable(nil, 2); got != nil {
		t.Errorf("of none %v", got)
	}
}
