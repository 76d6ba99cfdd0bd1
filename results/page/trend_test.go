package page

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestNewlyViolating(t *testing.T) {
	cell := func(kernel, test string, v outcome.Verdict, o outcome.Outcome) results.Cell {
		return results.FromAttempts([]results.Attempt{{CellKey: results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, N: 1, Verdict: v, Outcome: o, Kind: outcome.Characterisation}})
	}
	before := []results.Cell{
		cell("6.12.1", "s.TestA", outcome.Pass, outcome.Snapshot), cell("6.12.1", "s.TestB", outcome.Fail, outcome.Live), cell("6.12.1", "s.TestC", outcome.Crash, ""),
		cell("6.12.1", "s.TestD", outcome.Infra, ""), cell("6.1.1", "s.TestA", outcome.Pass, outcome.Snapshot),
	}
	after := []results.Cell{
		cell("6.12.2", "s.TestA", outcome.Fail, outcome.Moved),   // new
		cell("6.12.2", "s.TestB", outcome.Hang, ""),              // new: a deviation is no violation
		cell("6.12.2", "s.TestC", outcome.Crash, ""),             // known
		cell("6.12.2", "s.TestD", outcome.Crash, ""),             // the earlier run learned nothing
		cell("6.12.2", "s.TestE", outcome.Crash, ""),             // the earlier run lacks it
		cell("6.1.2", "s.TestA", outcome.Pass, outcome.Snapshot), // still passes
		cell("6.18.1", "s.TestA", outcome.Fail, outcome.Moved),   // a new series
		cell("6.1.2", "s.TestB", outcome.Skip, ""),               // nothing
	}
	if fresh, compared := NewlyViolating(before, after); fresh != 2 || compared != 4 {
		t.Errorf("%d new violations among %d compared cells, want 2 among 4", fresh, compared)
	}
	if fresh, compared := NewlyViolating(nil, after); fresh != 0 || compared != 0 {
		t.Errorf("%d new violations among %d compared cells without an earlier run", fresh, compared)
	}
}
