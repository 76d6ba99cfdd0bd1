package findings

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestTimelines(t *testing.T) {
	cell := func(kernel, fs, test string, v outcome.Verdict, o outcome.Outcome, k outcome.Kind) results.Cell {
		return results.FromAttempts([]results.Attempt{{CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: test}, N: 1, Verdict: v, Outcome: o, Kind: k}})
	}
	cells := []results.Cell{
		cell("5.10", "xfs", "s.TestA/x", outcome.Skip, outcome.None, ""),
		cell("5.10", "ext4", "s.TestA/x", outcome.Pass, outcome.Snapshot, outcome.Characterisation), // another column
		cell("6.1", "xfs", "s.TestA/x", outcome.Fail, outcome.Live, outcome.Characterisation),
		cell("6.6", "xfs", "s.TestA/x", outcome.Crash, outcome.None, ""),
		cell("6.12", "xfs", "s.TestA/x", outcome.Fail, outcome.PhantomZero, outcome.Invariant),
		cell("6.12", "xfs", "s.TestA/y", outcome.Pass, outcome.Snapshot, outcome.Characterisation),
	}
	results.Sort(cells)
	kernels := []string{"5.10", "6.1", "6.6", "6.12", "6.18"}
	violations := Violations(results.Run{}, cells)
	lines := Timelines(cells, violations, kernels)
	want := map[string][]State{
		"phantom-zero": {Unseen, Holds, Other, Violated, Unseen},
		"crash":        {Unseen, Holds, Violated, Other, Unseen},
	}
	if len(lines) != len(want) {
		t.Fatalf("%d timelines, want %d", len(lines), len(want))
	}
	for i, v := range violations {
		if !slices.Equal(lines[i], want[v.Title]) {
			t.Errorf("%s: %q, want %q", v.Title, lines[i], want[v.Title])
		}
		if first := kernels[slices.Index(lines[i], Violated)]; first != v.Since {
			t.Errorf("%s begins with %s in the timeline, since %s", v.Title, first, v.Since)
		}
	}
}
