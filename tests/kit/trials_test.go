package kit

import (
	"math"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// The expected values are those of the beta quantile that the bound equals,
// qbeta(0.95, hits+1, n-hits).
func TestUpperBound(t *testing.T) {
	for _, tt := range []struct {
		hits, n int
		want    float64
	}{
		{0, 1, 0.95},
		{0, 10, 0.258866},
		{0, 100, 0.0295130},
		{0, 1000, 0.00299124},
		{1, 10, 0.394163},
		{2, 20, 0.282619},
		{5, 50, 0.198833},
		{10, 10, 1},
		{0, 0, 1},
	} {
		if got := UpperBound(tt.hits, tt.n, 0.95); math.Abs(got-tt.want) > 1e-5 {
			t.Errorf("%d of %d: %.7f, want %.7f", tt.hits, tt.n, got, tt.want)
		}
	}
}

func TestUpperBoundIsWhereTheTailIs(t *testing.T) {
	for n := 2; n < 400; n += 37 {
		for hits := 1; hits < n; hits += 1 + n/9 {
			p := UpperBound(hits, n, 0.95)
			if tail := atMost(hits, n, p); math.Abs(tail-0.05) > 1e-9 {
				t.Errorf("%d of %d: bound %g leaves a tail of %g", hits, n, p, tail)
			}
		}
	}
}

func TestTrialsKeepTheWorst(t *testing.T) {
	c := &Cell{T: t}
	all := []outcome.Outcome{outcome.Snapshot, outcome.Live, outcome.Moved, outcome.Live, outcome.Snapshot}
	got := c.Trials(len(all), func(i int) Finding { return Finding{Outcome: all[i], Detail: "seen"} })
	want := Finding{Outcome: outcome.Moved, Detail: "3 of 5 trials, trial 2: seen"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
