package plan

import (
	"slices"

	"github.com/splicelab/splicelab/results"
)

// CovariateCommon marks an attempt that stands for all cells of a kernel and
// filesystem: no VM came up, which was observed once for all. Such cells are not
// retried one by one.
const CovariateCommon = "common"

// WantsRetries reports whether a cell is retried after such an attempt.
// Control cells are not: they test the lab, and once is enough.
func (p Plan) WantsRetries(t Test, a *results.Attempt) bool {
	return p.RetryFailures > 0 && !t.Control && a.Verdict.Bad() && a.Covariates[CovariateCommon] == ""
}

// Due is how many retries are still due for a cell with these attempts.
func (p Plan) Due(i Isolation, t Test, c *results.Cell) int {
	failed := p.WantsRetries(t, &c.Attempt) || slices.ContainsFunc(c.Others, func(a results.Attempt) bool { return p.WantsRetries(t, &a) })
	if !failed {
		return 0
	}
	return max(0, p.RetryFailures-max(0, c.Attempts-c.Infra-p.repeat(i, t)))
}

// Remaining returns the releases of the kernels that have pending cells or
// retries, in the order of the plan, given the cells that a run of it has.
func (p Plan) Remaining(i Isolation, cells []results.Cell) []string {
	known := map[results.CellKey]*results.Cell{}
	for i := range cells {
		known[cells[i].CellKey] = &cells[i]
	}
	var left []string
	for _, k := range p.Kernels {
		if p.anyRemaining(i, k, known) {
			left = append(left, k.Release)
		}
	}
	return left
}

func (p Plan) anyRemaining(i Isolation, k Kernel, known map[results.CellKey]*results.Cell) bool {
	for _, f := range p.Profiles {
		for _, t := range p.Tests {
			c := known[Key(k, f, t)]
			if c == nil || c.Attempts-c.Infra < p.repeat(i, t) || p.Due(i, t, c) > 0 {
				return true
			}
		}
	}
	return false
}
