package session

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestFailedCells(t *testing.T) {
	cell := func(v outcome.Verdict) results.Cell { return results.Cell{Attempt: results.Attempt{Verdict: v}} }
	for _, v := range outcome.Verdicts {
		want := 0
		if v.Bad() {
			want = 1
		}
		if got := failed([]results.Cell{cell(outcome.Pass), cell(v)}); got != want {
			t.Errorf("a run with a cell that is %s: %d failed, want %d", v, got, want)
		}
		expected := cell(v)
		expected.Expected = results.XFail
		if got := failed([]results.Cell{cell(outcome.Pass), expected}); got != 0 {
			t.Errorf("a run with a cell that is %s, as expected: %d failed", v, got)
		}
	}
}
