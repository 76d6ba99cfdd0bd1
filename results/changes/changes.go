// Package changes summarises what changed since the previous run: as text
// (text.go), as a JSON document (document.go), and as a digest that decides
// whether to notify again (digest.go). It does not know when runs are made or
// how people are notified.
package changes

import (
	"cmp"
	"slices"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/findings"
)

// Facts are the input of Compare.
type Facts struct {
	// Host is the host of the run.
	Host string
	// Started and Finished are the times of the whole nightly run.
	Started, Finished time.Time
	// Run and Cells are the new run; zero if there is none.
	Run   results.Run
	Cells []results.Cell
	// Before and BeforeCells are the run to compare with; zero if there is
	// none.
	Before      results.Run
	BeforeCells []results.Cell
	// Assess, if not nil, separates regressions from flakes by the history of
	// cells.
	Assess func(*compare.Difference) error
	// Planned are the planned cells of the run.
	Planned []results.CellKey
	// Missing are requested kernels that were not available.
	Missing []Missing
	// Problems are lab failures, the worst first.
	Problems []string
	// Unfinished describes a previous run that did not finish; empty: it did.
	Unfinished string
	// Notes are for information and need no action.
	Notes []string
}

// Missing is a kernel that was not available.
type Missing struct {
	Kernel string `json:"kernel"` // its release, or a selector without a match
	Reason string `json:"reason"`
}

// Summary is what changed. Each cell is in at most one of its lists of changes.
type Summary struct {
	Facts

	// Violations are what every policy forbids in this run, new or not.
	Violations  []findings.Violation
	Worse       []compare.Change // fails and did not, or fails in a worse way
	Fixes       []compare.Change // failed and passes
	Unexpected  []compare.Change // passes, and was expected to fail
	Flaky       []compare.Change // failed in some attempt, which its history explains
	Changed     []compare.Change // another outcome or way to fail
	Skips       []compare.Change // skipped in one of the runs, or for another reason
	New         []compare.Change // only in this run
	Gone        []compare.Change // only in the previous run
	Unknown     []compare.Change // infra in one of the runs
	Same        int
	NewKernels  []string      // that have no kernel to compare with
	Replaced    []Replacement // kernels that replace others
	GoneKernels []Part        // kernels that only the previous run has
	NotRun      []Part        // planned cells without a result
	Infra       int           // cells with verdict infra
	Conditions  []compare.Condition
}

// Replacement is a kernel that is compared with another one of the previous run.
type Replacement struct {
	Kernel string `json:"kernel"`
	Before string `json:"before"`
}

// Part is some cells of a kernel, or of a kernel and a filesystem.
type Part struct {
	Kernel string `json:"kernel"`
	FS     string `json:"fs"` // empty: all of the kernel's
	Cells  int    `json:"cells"`
	Of     int    `json:"of"` // how many there are
}

// Compare summarises what changed. A new kernel is compared with its
// predecessor in the previous run. Verdicts are those under the policy of the
// new run.
func Compare(f Facts) Summary {
	n := Summary{Facts: f}
	n.Problems, n.Notes, n.Missing = clean(f.Problems), clean(f.Notes), nil
	n.Unfinished = sanitize.Line(f.Unfinished)
	for _, m := range f.Missing {
		n.Missing = append(n.Missing, Missing{sanitize.Line(m.Kernel), sanitize.Line(m.Reason)})
	}
	for _, c := range f.Cells {
		if c.Verdict == outcome.Infra {
			n.Infra++
		}
	}
	n.Violations = findings.Violations(f.Run, f.Cells)
	left := n.notRun()
	if f.Before.ID == "" || f.Run.ID == "" {
		return n
	}
	before := f.BeforeCells
	if f.Before.Policy != f.Run.Policy {
		before = results.Show(before, f.Run.Policy)
	}
	d := compare.DiffAs(before, f.Cells, n.lineUp(before))
	if f.Assess != nil {
		if err := f.Assess(&d); err != nil {
			n.Problems = append(n.Problems, sanitize.Line("the history of the changes could not be read: "+err.Error()))
		}
	}
	n.Unexpected, n.Flaky, n.Fixes, n.Skips, n.New, n.Unknown, n.Same = d.Unexpected, d.Flaky, d.Fixes, d.Skips, d.New, d.Unknown, d.Same
	for _, c := range slices.Concat(d.NewFailures, d.Changed) {
		if c.After.Bad() && severity(c.After) > severity(c.Before) {
			n.Worse = append(n.Worse, c)
		} else {
			n.Changed = append(n.Changed, c)
		}
	}
	n.gone(d.Gone, left)
	for _, c := range d.Conditions(f.Before, f.Run) {
		if c.Name != "seed" { // differs between all runs
			n.Conditions = append(n.Conditions, c)
		}
	}
	return n
}

// clean makes each text one safe line: it may quote a package archive or a
// guest.
func clean(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, sanitize.Line(t))
	}
	return out
}

// severity is 0 for a cell that is not bad.
func severity(c *results.Cell) int {
	switch {
	case !c.Bad():
		return 0
	case c.Verdict == outcome.Fail:
		return 1
	}
	return 2
}

// lineUp returns which kernels are compared with another kernel of the previous
// run, and records new and replaced kernels.
func (n *Summary) lineUp(before []results.Cell) map[string]string {
	was := results.Releases(before)
	left := slices.Clone(was) // kernels that are not replaced yet
	predecessors := map[string]string{}
	standIn := func(release, old results.Kernel) {
		n.Replaced = append(n.Replaced, Replacement{Kernel: release.Name, Before: old.Name})
		predecessors[release.Name] = old.Name
	}
	var others []results.Kernel
	for _, release := range results.Releases(n.Cells) {
		old, ok := compare.Predecessor(release, was)
		if !ok {
			others = append(others, release)
			continue
		}
		left = slices.DeleteFunc(left, func(r results.Kernel) bool { return r.Name == old.Name })
		if old.Name != release.Name {
			standIn(release, old)
		}
	}
	// A kernel of a new series replaces one that is gone. If none is gone,
	// there is nothing to compare it with.
	for _, release := range others {
		gone, went := compare.Older(release, left)
		old, ok := compare.Older(release, was)
		if !went || !ok {
			n.NewKernels = append(n.NewKernels, release.Name)
			continue
		}
		left = slices.DeleteFunc(left, func(r results.Kernel) bool { return r.Name == gone.Name })
		standIn(release, old)
	}
	return predecessors
}

// notRun records the planned cells without a result, and returns them. Those of
// missing kernels are not included: Missing has them.
func (n *Summary) notRun() map[results.CellKey]bool {
	have := make(map[results.CellKey]bool, len(n.Cells))
	for i := range n.Cells {
		have[n.Cells[i].CellKey] = true
	}
	left := map[results.CellKey]bool{}
	parts := map[[2]string]*Part{}
	var order [][2]string
	for _, key := range n.Planned {
		if slices.ContainsFunc(n.Missing, func(m Missing) bool { return m.Kernel == key.Kernel }) {
			continue
		}
		place := [2]string{key.Kernel, key.FS}
		if parts[place] == nil {
			parts[place] = &Part{Kernel: key.Kernel, FS: key.FS}
			order = append(order, place)
		}
		parts[place].Of++
		if !have[key] {
			parts[place].Cells++
			left[key] = true
		}
	}
	for _, place := range order {
		if p := parts[place]; p.Cells > 0 {
			n.NotRun = append(n.NotRun, *p)
		}
	}
	return left
}

// gone records the cells that only the previous run has. A kernel that is
// missing from this run is one entry; cells in NotRun are omitted.
func (n *Summary) gone(all []compare.Change, left map[results.CellKey]bool) {
	compared := results.ReleaseNames(results.Releases(n.Cells))
	for _, r := range n.Replaced {
		compared = append(compared, r.Before)
	}
	parts := map[string]*Part{}
	for _, c := range all {
		switch {
		case !slices.Contains(compared, c.Kernel):
			if parts[c.Kernel] == nil {
				parts[c.Kernel] = &Part{Kernel: c.Kernel}
			}
			parts[c.Kernel].Cells++
			parts[c.Kernel].Of++
		case !n.known(left, c.CellKey):
			n.Gone = append(n.Gone, c)
		}
	}
	for _, p := range parts {
		n.GoneKernels = append(n.GoneKernels, *p)
	}
	slices.SortFunc(n.GoneKernels, func(a, b Part) int { return cmp.Compare(a.Kernel, b.Kernel) })
}

// known reports whether NotRun has a cell of the previous run, on its kernel or
// the one that replaces it.
func (n *Summary) known(left map[results.CellKey]bool, key results.CellKey) bool {
	if left[key] {
		return true
	}
	return slices.ContainsFunc(n.Replaced, func(r Replacement) bool {
		return r.Before == key.Kernel && left[results.CellKey{Kernel: r.Kernel, FS: key.FS, Test: key.Test}]
	})
}

// Regressed reports whether anything got worse than in the previous run.
func (n Summary) Regressed() bool { return len(n.Worse) > 0 }

// Whole reports whether the lab ran everything requested. Only then is
// everything that is not listed unchanged.
func (n Summary) Whole() bool {
	return len(n.Problems) == 0 && len(n.Missing) == 0 && len(n.NotRun) == 0 && n.Infra == 0 && n.Run.ID != ""
}
