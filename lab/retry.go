package lab

import (
	"slices"

	"github.com/splicelab/splicelab/results"
)

// This file decides what is run once more because it was bad. How often a cell
// fails is only known of one that was tried several times, each in a VM of its
// own; all attempts count, and none makes another one good.

// covariateCommon marks an attempt that was not made for its cell alone: the
// machine could not be had, which was seen once and counts for all cells of
// the kernel and filesystem. Such cells are not retried one by one.
const (
	covariateCommon = "common"
	commonWhy       = "seen once, for all cells of this kernel and filesystem"
)

// wantsRetries reports whether a cell is run again after such an attempt.
// Control cells are not: they say something of the lab, and once is enough.
func (p Plan) wantsRetries(t PlannedTest, a *results.Attempt) bool {
	return p.RetryFailures > 0 && !t.Control && a.Verdict.Bad() && a.Covariates[covariateCommon] == ""
}

// due is how often a cell is to be run again that has these attempts. planned
// is how many it was to have at first.
func (p Plan) due(t PlannedTest, c *results.Cell, planned int) int {
	bad := p.wantsRetries(t, &c.Attempt) || slices.ContainsFunc(c.Others, func(a results.Attempt) bool { return p.wantsRetries(t, &a) })
	if !bad {
		return 0
	}
	return max(0, p.RetryFailures-max(0, c.Attempts-c.Infra-planned))
}

// schedule notes that a cell is to be run again; once, however many of its
// planned attempts are bad. The caller holds the lock.
func (r *runner) schedule(key results.CellKey, times int) {
	if _, known := r.due[key]; known {
		return
	}
	if r.due == nil {
		r.due = map[results.CellKey]int{}
	}
	r.due[key] = times
	r.retries += times
	r.work.add(key, times)
}

// retryGroups are the attempts that were scheduled, each a group of its own so
// that each gets a fresh VM. Those of a kernel and filesystem stay together.
func (r *runner) retryGroups() []group {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []group
	if len(r.due) == 0 {
		return nil
	}
	p := &r.plan
	for k := range p.Kernels {
		for f := range p.Profiles {
			for t := range p.Tests {
				g := group{kernel: &p.Kernels[k], profile: &p.Profiles[f], tests: p.Tests[t : t+1], retry: true}
				out = append(out, slices.Repeat([]group{g}, r.due[g.key(p.Tests[t])])...)
			}
		}
	}
	return out
}

// came notes that a machine of a kernel and filesystem came up.
func (r *runner) came(g group) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cameUp == nil {
		r.cameUp = map[string]bool{}
	}
	r.cameUp[g.spec()] = true
}

// common reports whether a machine that could not be had stands for all cells
// of its kernel and filesystem. failed is why none was made ready for the
// group. Where machines are booted one by one, the first that dies is looked
// at more closely, and after it only those of a kernel that did boot before.
func (r *runner) common(g group, failed error, end *ended) bool {
	if !end.verdict.Bad() {
		return false
	}
	if failed != nil || len(g.tests) > 1 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cameUp[g.spec()] || g.retry {
		return false
	}
	first := !r.died[g.spec()]
	if r.died == nil {
		r.died = map[string]bool{}
	}
	r.died[g.spec()] = true
	return !first
}
