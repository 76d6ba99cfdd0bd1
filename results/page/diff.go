package page

import (
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
)

// NewDiff is the document of the changes between two runs, or between kernels
// of them, and of the conditions in which they differ.
func NewDiff(before, after Run, conditions []compare.Condition, d compare.Difference) Diff {
	doc := Diff{
		Before: before, After: after, BeforeKernel: d.Kernels[0], AfterKernel: d.Kernels[1],
		BeforeRuns: clean(d.Runs[0]), AfterRuns: clean(d.Runs[1]), BeforePending: d.Pending[0], AfterPending: d.Pending[1],
		Conditions: []Condition{}, Lists: []DifferenceList{}, Same: d.Same,
	}
	for _, c := range conditions {
		doc.Conditions = append(doc.Conditions, Condition{Name: sanitize.Line(c.Name), Before: sanitize.Line(c.Before), After: sanitize.Line(c.After)})
	}
	for _, l := range d.Lists() {
		list := DifferenceList{Name: l.Name, Title: l.Title, Changes: make([]Change, len(l.Changes))}
		for i, c := range l.Changes {
			list.Changes[i] = newChange(c)
		}
		doc.Lists = append(doc.Lists, list)
	}
	return doc
}

func newChange(c compare.Change) Change {
	out := Change{Kernel: c.Kernel, FS: c.FS, Test: c.Test}
	if b := c.Before; b != nil {
		out.BeforeKernel, out.Before, out.BeforeOutcome, out.BeforeClass = b.Kernel, b.Verdict, b.Outcome, b.Class()
	}
	if a := c.After; a != nil {
		out.After, out.AfterOutcome, out.Detail = a.Verdict, a.Outcome, a.Detail
		out.Expected, out.Why, out.AfterClass = a.Expected, a.Why, a.Class()
	}
	out.Now, out.Past = newRate(c.Now), newRate(c.Past)
	return out
}

func newRate(r history.Rate) Rate {
	low, high := r.Interval()
	return Rate{Failed: r.Failed, Attempts: r.Attempts, Low: low, High: high}
}
