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
// run is not new, and infra is no observation.
func TestTrend(t *testing.T) {
	const s, l, p, infra = outcome.Snapshot, outcome.Live, outcome.PhantomZero, outcome.Outcome("infra")
	of := map[string][]results.Cell{
		"a": trendCells("6.12.1", s, l, p, s),
		"b": trendCells("6.12.2", p, p, s, infra),
		"c": trendCells("6.12.2", p, p, s, p, p),
	}
	var runs []results.RunSummary
	for _, id := range []string{"a", "b", "c"} {
		runs = append(runs, results.RunSummary{Run: results.Run{ID: id}, Tally: results.Count(of[id])})
	}
	var read []string
	got, err := compare.Trend(runs, compare.ReadChange(func(run string) ([]results.Cell, error) {
		read = append(read, run)
		return of[run], nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []compare.TrendPoint{
		{Run: "a", Cells: 4, Violations: 1, Deviations: 1},
		{Run: "b", Cells: 4, Violations: 2, TrendChange: compare.TrendChange{New: 2, Fixed: 1, Compared: 3}},
		{Run: "c", Cells: 5, Violations: 4, TrendChange: compare.TrendChange{Compared: 3}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if fmt.Sprint(read) != "[a b c]" {
		t.Errorf("%v were read, want each once", read)
	}
}

// Which cells of two runs are comparable.
func TestTrendChange(t *testing.T) {
	cell := func(kernel, test string, v outcome.Verdict, o outcome.Outcome) results.Cell {
		return results.FromAttempts([]results.Attempt{resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, 1, v, o)})
	}
	before := []results.Cell{
		cell("6.12.1", "s.TestA", outcome.Pass, outcome.Snapshot), cell("6.12.1", "s.TestB", outcome.Fail, outcome.Live), cell("6.12.1", "s.TestC", outcome.Crash, ""),
		cell("6.12.1", "s.TestD", outcome.Infra, ""), cell("6.1.1", "s.TestA", outcome.Pass, outcome.Snapshot), cell("6.1.1", "s.TestB", outcome.Crash, ""),
	}
	after := []results.Cell{
		cell("6.12.2", "s.TestA", outcome.Fail, outcome.Moved),   // new
		cell("6.12.2", "s.TestB", outcome.Hang, ""),              // new: a deviation is no violation
		cell("6.12.2", "s.TestC", outcome.Crash, ""),             // known
		cell("6.12.2", "s.TestD", outcome.Crash, ""),             // the earlier run learned nothing
		cell("6.12.2", "s.TestE", outcome.Crash, ""),             // the earlier run lacks it
		cell("6.1.2", "s.TestA", outcome.Pass, outcome.Snapshot), // still passes
		cell("6.18.1", "s.TestA", outcome.Fail, outcome.Moved),   // a new series
		cell("6.1.2", "s.TestB", outcome.Skip, ""),               // not fixed: nothing was observed
	}
	for _, c := range []struct {
		before []results.Cell
		want   compare.TrendChange
	}{{before, compare.TrendChange{New: 2, Compared: 4}}, {nil, compare.TrendChange{}}} {
		cells := map[string][]results.Cell{"before": c.before, "after": after}
		change := compare.ReadChange(func(run string) ([]results.Cell, error) { return cells[run], nil })
		got, err := change(results.RunSummary{Run: results.Run{ID: "before"}}, results.RunSummary{Run: results.Run{ID: "after"}})
		if err != nil || got != c.want {
			t.Errorf("%+v, %v; want %+v", got, err, c.want)
		}
	}
}

func trendRun(id string, of results.Origin, tests string) results.RunSummary {
	return results.RunSummary{Run: results.Run{ID: id, Origin: of, Selected: results.Selected{Filesystems: []string{"xfs"}, Tests: tests}}}
}

func trendIDs(runs []results.RunSummary) (ids string) {
	for _, r := range runs {
		ids += r.ID
	}
	return ids
}

// Nightly runs are not compared with those that somebody made in between, nor
// with those of another configuration.
func TestTrendOfNightlyRuns(t *testing.T) {
	const night, user = results.OriginNightly, results.OriginUser
	pending := trendRun("9", night, "all")
	pending.Pending = true
	recent := []results.RunSummary{
		pending, trendRun("8", user, "one"), trendRun("7", night, "all"), trendRun("6", results.OriginBisect, "all"),
		trendRun("5", user, "all"), trendRun("4", night, "quick"), trendRun("3", night, "all"), trendRun("2", user, "all"), trendRun("1", night, "all"),
	}
	for _, c := range []struct {
		runs    []results.RunSummary
		most    int
		nightly bool
		want    string
	}{
		{recent, 9, true, "137"}, {recent, 2, true, "37"}, {recent, 1, true, "7"},
		{recent[7:], 9, false, "12"}, {recent[8:], 9, false, "1"}, {recent[1:2], 9, false, "8"}, {recent[:1], 9, false, ""}, {nil, 2, false, ""},
	} {
		runs, nightly := compare.TrendRuns(c.runs, c.most)
		if got := trendIDs(runs); got != c.want || nightly != c.nightly {
			t.Errorf("the trend is of %q, nightly: %v, want %q", got, nightly, c.want)
		}
	}
}

// A trend that ends with a named run has what came before it and tested the same.
func TestTrendUpTo(t *testing.T) {
	const night, user = results.OriginNightly, results.OriginUser
	all := []results.RunSummary{
		trendRun("5", user, "quick"), trendRun("4", user, "all"), trendRun("3", night, "quick"), trendRun("2", user, "quick"), trendRun("1", night, "quick"),
	}
	all[0].Selected.Filesystems, all[1].Selected.Filesystems = []string{"xfs", "ext4"}, []string{"xfs", "ext4"}
	for i, want := range []string{"5", "4", "13", "12", "1"} {
		if runs, _ := compare.TrendUpTo(all[i], all, 9); trendIDs(runs) != want {
			t.Errorf("up to %s: %s, want %s", all[i].ID, trendIDs(runs), want)
		}
	}
}
