package history

import (
	"fmt"
	"math"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Rate is a failure rate: how many of the attempts failed. Infra and skips do
// not count.
type Rate struct {
	Failed, Attempts int
}

// Plus adds two rates.
func (r Rate) Plus(s Rate) Rate { return Rate{r.Failed + s.Failed, r.Attempts + s.Attempts} }

// Judgement reports whether an attempt fails: its verdict under the policy is
// bad, and not as the user expects.
type Judgement func(*results.Attempt) bool

// RateOf is the failure rate over the attempts at a cell.
func RateOf(c *results.Cell, fails Judgement) Rate {
	var r Rate
	count := func(a *results.Attempt) {
		if a.Verdict == outcome.Infra || a.Verdict == outcome.Skip {
			return
		}
		r.Attempts++
		if fails(a) {
			r.Failed++
		}
	}
	count(&c.Attempt)
	for i := range c.Others {
		count(&c.Others[i])
	}
	return r
}

// z95 is the normal quantile of two-sided 95 %.
const z95 = 1.959963984540054

// Interval is the 95 % confidence interval of the probability that an attempt
// fails, by Wilson's score: unlike the normal approximation p ± z·s it stays in
// [0, 1], is useful after no failures or only failures, and its mean coverage
// is close to nominal. Without attempts it is [0, 1].
func (r Rate) Interval() (low, high float64) {
	if r.Attempts == 0 {
		return 0, 1
	}
	n := float64(r.Attempts)
	p := float64(r.Failed) / n
	mid := p + z95*z95/(2*n)
	half := z95 * math.Sqrt(p*(1-p)/n+z95*z95/(4*n*n))
	scale := 1 + z95*z95/n
	return max(0, (mid-half)/scale), min(1, (mid+half)/scale)
}

// String is the rate with its interval: "3/20 (5–36 %)".
func (r Rate) String() string {
	if r.Attempts == 0 {
		return "no attempts"
	}
	low, high := r.Interval()
	return fmt.Sprintf("%d/%d (%.0f–%.0f %%)", r.Failed, r.Attempts, 100*low, 100*high)
}

// significance is the accepted probability of a false alarm.
const significance = 0.05

// Above reports whether r is significantly higher than past: with equal rates, that
// many failures would have a probability below 5 %.
func (r Rate) Above(past Rate) bool { return r.chance(past) < significance }

// chance is the p-value of Fisher's one-sided exact test: the probability,
// given the total failures of r and past and equal rates, that r has at least
// as many as observed. It is exact for any number of attempts.
func (r Rate) chance(past Rate) float64 {
	p := 0.0
	for k := r.Failed; k <= min(r.Attempts, r.Failed+past.Failed); k++ {
		other := r.Failed + past.Failed - k
		p += math.Exp(logChoose(r.Attempts, k) + logChoose(past.Attempts, other) -
			logChoose(r.Attempts+past.Attempts, r.Failed+past.Failed))
	}
	return p
}

// logChoose is the logarithm of n over k, 0 ≤ k ≤ n.
func logChoose(n, k int) float64 {
	factorial := func(x int) float64 {
		v, _ := math.Lgamma(float64(x) + 1)
		return v
	}
	return factorial(n) - factorial(k) - factorial(n-k)
}

// Regressed reports whether the history of a cell does not explain its failures
// now. A cell that passes in some attempt now, or failed before, has regressed
// if it fails more often than it did (see Above). One that never failed and now
// always does has regressed, however short its history.
func Regressed(now, past Rate) bool {
	if now.Failed == 0 {
		return false
	}
	return past.Failed == 0 && now.Failed == now.Attempts || now.Above(past)
}
