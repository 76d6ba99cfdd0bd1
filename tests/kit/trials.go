package kit

import (
	"fmt"
	"math"
	"strconv"

	"github.com/splicelab/splicelab/outcome"
)

// confidence is the confidence level of the bound that Trials reports.
const confidence = 0.95

// Trials is for races that a test cannot force: it runs one n times, and returns
// the worst finding. The result includes the number of trials (trials), how often
// the reader did not receive the snapshot (hits) and the bound on the rate of hits
// at 95 per cent confidence: a pass proves no more than that. one must end like a
// cell, but return its finding instead of recording it. A trial that ends the cell
// is the last one, and counts as a hit.
func (c *Cell) Trials(n int, one func(i int) Finding) Finding {
	c.T.Helper()
	worst, first := Finding{Outcome: outcome.Snapshot, Detail: "no trial"}, -1
	done, hits, finished := 0, 0, true
	say := func() {
		if !finished {
			done, hits = done+1, hits+1
		}
		c.Attr("trials", strconv.Itoa(done))
		c.Attr("hits", strconv.Itoa(hits))
		c.Attr("bound", strconv.FormatFloat(UpperBound(hits, done, confidence), 'g', 3, 64))
	}
	defer say()
	for i := range n {
		finished = false
		f := one(i)
		finished = true
		done++
		if f.Outcome != outcome.Snapshot {
			hits++
		}
		if i == 0 || f.Outcome.Rank() > worst.Outcome.Rank() || f.Never && !worst.Never && f.Outcome == worst.Outcome {
			worst, first = f, i
		}
	}
	if hits > 0 {
		worst.Detail = fmt.Sprintf("%d of %d trials, trial %d: %s", hits, done, first, worst.Detail)
	} else {
		worst.Detail = fmt.Sprintf("none of %d trials, so below %.2g of them with 95%% confidence: %s",
			done, UpperBound(0, done, confidence), worst.Detail)
	}
	return worst
}

// UpperBound is the exact one-sided upper confidence bound on the rate of an
// event that happened in hits of n trials: the rate p at which so few hits have
// probability 1-level, P(X <= hits | n, p) = 1-level (C. J. Clopper and E.
// S. Pearson, "The use of confidence or fiducial limits illustrated in the case
// of the binomial", Biometrika 26, 1934). Without hits that is
// 1-(1-level)^(1/n), about 3/n at 95 per cent.
func UpperBound(hits, n int, level float64) float64 {
	if n <= 0 || hits >= n {
		return 1
	}
	if hits == 0 {
		return -math.Expm1(math.Log1p(-level) / float64(n))
	}
	lo, hi := float64(hits)/float64(n), 1.0
	for range 60 { // the probability falls with p
		if p := (lo + hi) / 2; atMost(hits, n, p) > 1-level {
			lo = p
		} else {
			hi = p
		}
	}
	return hi
}

// atMost is the probability of at most hits events in n trials with rate p.
func atMost(hits, n int, p float64) float64 {
	sum := 0.0
	for k := range hits + 1 {
		sum += math.Exp(logChoose(n, k) + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return sum
}

func logChoose(n, k int) float64 {
	lg := func(x int) float64 {
		v, _ := math.Lgamma(float64(x) + 1)
		return v
	}
	return lg(n) - lg(k) - lg(n-k)
}
