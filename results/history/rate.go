package history

import (
	"fmt"
	"math"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Rate is how many of a number of attempts failed. Infra attempts and skips
// say nothing of it and are not counted.
type Rate struct {
	Failed, Attempts int
}

// Plus is both counted together.
func (r Rate) Plus(s Rate) Rate { return Rate{r.Failed + s.Failed, r.Attempts + s.Attempts} }

// Judgement reports whether an attempt fails: its verdict is bad, under the
// policy, and is not what the user expects.
type Judgement func(*results.Attempt) bool

// RateOf counts the attempts at a cell that fail.
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
// fails, by Wilson's score: unlike the textbook's p ± z·s it stays inside 0 to
// 1, says something after no failure and after nothing else, and on average
// covers the truth about as often as it claims. Of no attempts it is 0 to 1.
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

// significance is the risk that a difference is taken for one though there is
// none.
const significance = 0.05

// Above reports whether attempts fail more often at r than they did at past:
// if the two were of one rate, so many failures would be less likely than 5 %.
func (r Rate) Above(past Rate) bool { return r.chance(past) < significance }

// chance is how likely it is, given how many failed in all, that at least as
// many of them are at r as are, if r and past are of one rate: Fisher's exact
// test, one-sided, which holds for any number of attempts. In other words,
// where it is below 5 %, the exact interval of the odds of r against those of
// past excludes that they are even.
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

// Regressed reports whether what is seen now is not explained by what was
// before. A cell of which some attempt passes now, or failed before, is
// regressed when it fails more often than it did (see Above). One that never
// failed and now does in every attempt always is: nothing explains it, however
// short its history.
func Regressed(now, past Rate) bool {
	if now.Failed == 0 {
		return false
	}
	return past.Failed == 0 && now.Failed == now.Attempts || now.Above(past)
}
