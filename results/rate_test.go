package results

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

func TestRateInterval(t *testing.T) {
	// From the formula, by hand.
	for _, c := range []struct {
		rate Rate
		want string
	}{
		{Rate{}, "no attempts"},
		{Rate{0, 1}, "0/1 (0–79 %)"},
		{Rate{1, 1}, "1/1 (21–100 %)"},
		{Rate{3, 20}, "3/20 (5–36 %)"},
		{Rate{0, 20}, "0/20 (0–16 %)"},
		{Rate{10, 20}, "10/20 (30–70 %)"},
	} {
		if got := c.rate.String(); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// The interval has to hold the truth about as often as it says: on average
// over all rates in 94 to 98 of 100 cases, whatever the number of attempts.
func TestRateIntervalCovers(t *testing.T) {
	for _, n := range []int{1, 2, 5, 10, 20, 50, 100} {
		sum, count := 0.0, 0
		for p := 0.005; p < 1; p += 0.01 {
			covered := 0.0
			for k := range n + 1 {
				if low, high := (Rate{k, n}).Interval(); low <= p && p <= high {
					covered += math.Exp(logChoose(n, k) + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
				}
			}
			sum, count = sum+covered, count+1
		}
		if mean := sum / float64(count); mean < 0.94 || mean > 0.98 {
			t.Errorf("of %d attempts the interval covers %.3f", n, mean)
		}
	}
}

func TestRegressed(t *testing.T) {
	for _, c := range []struct {
		now, past Rate
		want      bool
	}{
		{Rate{1, 1}, Rate{0, 20}, true},
		{Rate{1, 1}, Rate{0, 1}, true}, // nothing explains it
		{Rate{1, 1}, Rate{}, true},
		{Rate{1, 1}, Rate{3, 20}, false},
		{Rate{1, 1}, Rate{1, 20}, false},
		{Rate{6, 6}, Rate{3, 20}, true},
		{Rate{6, 6}, Rate{1, 1}, false},
		{Rate{1, 6}, Rate{0, 20}, false},
		{Rate{2, 6}, Rate{0, 20}, true},
		{Rate{2, 6}, Rate{1, 20}, false},
		{Rate{3, 6}, Rate{1, 20}, true},
		{Rate{0, 6}, Rate{6, 6}, false},
		{Rate{0, 1}, Rate{0, 1}, false},
	} {
		if got := Regressed(c.now, c.past); got != c.want {
			t.Errorf("%d/%d after %d/%d: %v", c.now.Failed, c.now.Attempts, c.past.Failed, c.past.Attempts, got)
		}
	}
	// Counted by hand: of the 14,950 ways in which 4 of 26 attempts can fail,
	// 415 have 3 or more among the last 6; with 3 of 26 it is 320 of 2,600 ways
	// that have 2 or more.
	if p := (Rate{3, 6}).chance(Rate{1, 20}); math.Abs(p-415./14950) > 1e-9 {
		t.Errorf("3/6 after 1/20: %f", p)
	}
	if p := (Rate{2, 6}).chance(Rate{1, 20}); math.Abs(p-320./2600) > 1e-9 {
		t.Errorf("2/6 after 1/20: %f", p)
	}
}

func TestRateOf(t *testing.T) {
	k := CellKey{"6.1", "xfs", "s.TestA"}
	c := FromAttempts([]Attempt{attempt(k, 1, outcome.Infra, ""), attempt(k, 2, outcome.Fail, outcome.Live),
		attempt(k, 3, outcome.Crash, ""), attempt(k, 4, outcome.Skip, ""), attempt(k, 5, outcome.Pass, "")})
	if got := RateOf(&c, BadVerdict); got != (Rate{2, 3}) {
		t.Errorf("%+v", got)
	}
	if got := RateOf(&c, func(a *Attempt) bool { return a.Verdict == outcome.Crash }); got != (Rate{1, 3}) {
		t.Errorf("%+v", got)
	}
}

// nights plays a cell that fails at a rate: runs of history, of which the last
// is what a later run, at another rate, is compared with. A failure is retried
// so often. It returns in how many of the rounds the cell is called regressed.
func nights(seed uint64, rounds, history, retries int, was, is float64) (regressed int) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	cell := func(rate float64) Cell {
		var attempts []Attempt
		for n := 1; n == 1 || attempts[0].Verdict == outcome.Fail && n <= 1+retries; n++ {
			v := outcome.Pass
			if rnd.Float64() < rate {
				v = outcome.Fail
			}
			attempts = append(attempts, Attempt{CellKey: key, N: n, Verdict: v})
		}
		return FromAttempts(attempts)
	}
	for range rounds {
		var past Rate
		var before Cell
		for range history {
			before = cell(was)
			past = past.Plus(RateOf(&before, BadVerdict))
		}
		d := Diff([]Cell{before}, []Cell{cell(is)})
		d.Weigh(func(CellKey) Rate { return past }, BadVerdict)
		regressed += len(d.NewFailures)
	}
	return regressed
}

// TestErrorRates is where the figures of docs/expectations.md come from.
func TestErrorRates(t *testing.T) {
	const rounds = 5_000
	for i, c := range []struct {
		history, retries int
		was, is          float64
		low, high        float64 // percent
	}{
		// False alarms: a cell that fails at 10 % and goes on so.
		{1, 0, 0.1, 0.1, 7.7, 10.3},
		{5, 0, 0.1, 0.1, 4.9, 6.9},
		{20, 0, 0.1, 0.1, 0.7, 1.7},
		{20, 5, 0.1, 0.1, 0.4, 1.4},
		// A cell that never failed, and now does.
		{1, 0, 0, 1, 100, 100},
		{20, 0, 0, 1, 100, 100},
		{20, 5, 0, 1, 100, 100},
		{20, 5, 0, 0.5, 45, 52},
		// One that failed at 10 %, and now always does.
		{20, 0, 0.1, 1, 10.5, 14},
		{20, 5, 0.1, 1, 98, 100},
	} {
		got := 100 * float64(nights(uint64(i), rounds, c.history, c.retries, c.was, c.is)) / rounds
		name := fmt.Sprintf("history %d, retries %d, %.0f %% to %.0f %%", c.history, c.retries, 100*c.was, 100*c.is)
		t.Logf("%s: called regressed in %.2f %%", name, got)
		if got < c.low || got > c.high {
			t.Errorf("%s: called regressed in %.2f %%, want %.1f to %.1f", name, got, c.low, c.high)
		}
	}
}
