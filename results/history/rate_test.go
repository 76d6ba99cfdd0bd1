package history

import (
	"math"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func TestRateInterval(t *testing.T) {
	// Calculated by hand.
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

// The interval's coverage must be close to nominal: 94 to 98 %, averaged over
// all rates, for any number of attempts.
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
		{Rate{1, 1}, Rate{0, 1}, true}, // not explained by history
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
	attempt := func(n int, v outcome.Verdict) results.Attempt { return results.Attempt{N: n, Verdict: v} }
	c := results.FromAttempts([]results.Attempt{attempt(1, outcome.Infra), attempt(2, outcome.Fail),
		attempt(3, outcome.Crash), attempt(4, outcome.Skip), attempt(5, outcome.Pass)})
	if got := RateOf(&c, func(a *results.Attempt) bool { return a.Verdict.Bad() }); got != (Rate{2, 3}) {
		t.Errorf("%+v", got)
	}
	if got := RateOf(&c, func(a *results.Attempt) bool { return a.Verdict == outcome.Crash }); got != (Rate{1, 3}) {
		t.Errorf("%+v", got)
	}
}
