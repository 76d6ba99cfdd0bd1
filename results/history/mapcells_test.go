package history_test

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

// Of a cell that several runs have, a map shows the first run's.
func TestMapCells(t *testing.T) {
	cell := func(kernel, test string, o outcome.Outcome) results.Cell {
		return results.FromAttempts([]results.Attempt{resultstest.Attempt(results.CellKey{Kernel: kernel, FS: "xfs", Test: test}, 1, outcome.Pass, o)})
	}
	wanted := func(c *results.Cell) bool { return c.Test != "s.TestOther" }
	var m history.MapCells
	m.Add("two", []results.Cell{cell("6.12.1", "s.TestA", outcome.Snapshot), cell("6.12.1", "s.TestOther", outcome.Live)}, wanted)
	m.Add("one", []results.Cell{cell("6.12.1", "s.TestA", outcome.Live), cell("6.1.1", "s.TestA", outcome.Zeroed)}, wanted)
	got := m.Map()
	if len(got.Kernels) != 2 || got.Kernels[0].Series != "6.1" || len(got.Rows) != 1 {
		t.Fatalf("%+v", got)
	}
	for i, want := range []struct {
		outcome outcome.Outcome
		run     string
	}{{outcome.Zeroed, "one"}, {outcome.Snapshot, "two"}} {
		c := got.Rows[0].Cells[i]
		if c.Outcome != want.outcome || m.From[c.CellKey] != want.run {
			t.Errorf("%s: %s from run %s, want %+v", c.Kernel, c.Outcome, m.From[c.CellKey], want)
		}
	}
}
