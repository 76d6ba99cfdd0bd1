package compare_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

// simulate simulates a cell that fails at rate was in depth runs of history,
// the last of which is compared with a later run at rate is. A failure is
// retried up to retries times. It returns in how many of the rounds the cell
// counts as regressed.
func simulate(seed uint64, rounds, depth, retries int, was, is float64) (regressed int) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	cell := func(rate float64) results.Cell {
		var attempts []results.Attempt
		for n := 1; n == 1 || attempts[0].Verdict == outcome.Fail && n <= 1+retries; n++ {
			v := outcome.Pass
			if rnd.Float64() < rate {
				v = outcome.Fail
			}
			attempts = append(attempts, results.Attempt{CellKey: resultstest.Key, N: n, Verdict: v})
		}
		return results.FromAttempts(attempts)
	}
	for range rounds {
		var past history.Rate
		var before results.Cell
		for range depth {
			before = cell(was)
			past = past.Plus(history.RateOf(&before, resultstest.BadVerdict))
		}
		d := compare.Diff([]results.Cell{before}, []results.Cell{cell(is)})
		d.Assess(func(results.CellKey) history.Rate { return past }, resultstest.BadVerdict)
		regressed += len(d.NewFailures)
	}
	return regressed
}

// TestErrorRates computes the figures in docs/expectations.md.
func TestErrorRates(t *testing.T) {
	const rounds = 5_000
	for i, c := range []struct {
		history, retries int
		was, is          float64
		low, high        float64 // percent
	}{
		// False alarms: a cell that keeps failing at 10 %.
		{1, 0, 0.1, 0.1, 7.7, 10.3},
		{5, 0, 0.1, 0.1, 4.9, 6.9},
		{20, 0, 0.1, 0.1, 0.7, 1.7},
		{20, 5, 0.1, 0.1, 0.4, 1.4},
		// A cell that never failed before.
		{1, 0, 0, 1, 100, 100},
		{20, 0, 0, 1, 100, 100},
		{20, 5, 0, 1, 100, 100},
		{20, 5, 0, 0.5, 45, 52},
		// One that failed at 10 % and now always fails.
		{20, 0, 0.1, 1, 10.5, 14},
		{20, 5, 0.1, 1, 98, 100},
	} {
		got := 100 * float64(simulate(uint64(i), rounds, c.history, c.retries, c.was, c.is)) / rounds
		name := fmt.Sprintf("history %d, retries %d, %.0f %% to %.0f %%", c.history, c.retries, 100*c.was, 100*c.is)
		t.Logf("%s: called regressed in %.2f %%", name, got)
		if got < c.low || got > c.high {
			t.Errorf("%s: called regressed in %.2f %%, want %.1f to %.1f", name, got, c.low, c.high)
		}
	}
}
