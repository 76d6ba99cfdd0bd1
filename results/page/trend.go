package page

import (
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Trend is how the numbers of violations and deviations changed from run to run.
type Trend struct {
	Runs    []TrendRun `json:"runs"`    // finished ones, oldest first
	Nightly bool       `json:"nightly"` // only those of splicelab nightly; else there are fewer than two of these
}

// TrendRun is one run in a trend. Its numbers do not depend on its policy.
type TrendRun struct {
	ID         string `json:"id"`
	Started    string `json:"started"` // RFC 3339
	Cells      int    `json:"cells"`
	Violations int    `json:"violations"` // cells
	Deviations int    `json:"deviations"` // cells
	// New counts the violations that are new since the previous run of the trend:
	// cells with a violation where that run had none, with the same test and
	// filesystem and a kernel of the same series. Compared counts the cells that
	// both runs have a verdict on; 0: nothing is comparable, and New says nothing.
	New      int `json:"new"`
	Compared int `json:"compared"`
}

// NewTrendRun is the place of run r in a trend. NewlyViolating returns the
// two numbers.
func NewTrendRun(r results.RunSummary, fresh, compared int) TrendRun {
	return TrendRun{
		ID: r.ID, Started: rfc3339(r.Started), Cells: r.Cells, Violations: r.Classes[outcome.Violates], Deviations: r.Classes[outcome.Deviates],
		New: fresh, Compared: compared,
	}
}

// NewlyViolating counts the cells of a run that have a violation where an
// earlier run had none, and the cells that both have a verdict on. A kernel is
// compared with one of its series, because a nightly run has a newer release.
func NewlyViolating(before, after []results.Cell) (fresh, compared int) {
	type place struct{ series, fs, test string }
	at := func(c *results.Cell) place { return place{c.Release().Series(), c.FS, c.Test} }
	decided := func(c *results.Cell) (violates, ok bool) {
		switch c.Class() {
		case outcome.Violates:
			return true, true
		case outcome.Passes, outcome.Deviates:
			return false, true
		}
		return false, false
	}
	was := map[place]bool{}
	for i := range before {
		if violates, ok := decided(&before[i]); ok {
			was[at(&before[i])] = violates || was[at(&before[i])]
		}
	}
	for i := range after {
		violates, ok := decided(&after[i])
		if !ok {
			continue
		}
		old, known := was[at(&after[i])]
		if !known {
			continue
		}
		compared++
		if violates && !old {
			fresh++
		}
	}
	return fresh, compared
}
