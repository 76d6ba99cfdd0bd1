// Package news tells what a run has that the run before had not, in so few
// words that somebody can act on them: as text for people and as a document
// for machines. It must not know when runs are made, nor how the news is
// delivered.
package changes

import (
	"cmp"
	"slices"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
)

// Facts are what news is made of.
type Facts struct {
	// Host is where the run was made.
	Host string
	// Started and Finished are when everything began and ended.
	Started, Finished time.Time
	// Run and Cells are what was found; the zero Run: none was made.
	Run   results.Run
	Cells []results.Cell
	// Before and BeforeCells are what it is compared with; the zero Run:
	// there is nothing.
	Before      results.Run
	BeforeCells []results.Cell
	// Assess, if not nil, tells regressions from flakes by the history of the
	// cells.
	Assess func(*compare.Difference) error
	// Planned are the cells that the run was to have.
	Planned []results.CellKey
	// Missing are kernels that were asked for and could not be had.
	Missing []Missing
	// Problems are faults of the lab, the worst first.
	Problems []string
	// Unfinished tells of a run before that did not come to its end; empty: it did.
	Unfinished string
	// Notes are what somebody may want to know and need not act on.
	Notes []string
}

// Missing is a kernel that could not be had.
type Missing struct {
	Kernel string `json:"kernel"` // its release, or the selector that names none
	Reason string `json:"reason"`
}

// Summary is what changed. Each cell is in at most one of its lists of changes.
type Summary struct {
	Facts

	Worse       []compare.Change // fails and did not, or fails in a worse way
	Fixes       []compare.Change // failed and passes
	Unexpected  []compare.Change // passes, and was expected to fail
	Flaky       []compare.Change // failed in some attempt, which its history explains
	Changed     []compare.Change // another outcome or way to fail
	Skips       []compare.Change // skipped in one of the runs, or for another reason
	New         []compare.Change // only in this run
	Gone        []compare.Change // only in the run before
	Unknown     []compare.Change // infra in one of them: nothing can be said
	Same        int
	NewKernels  []string      // that nothing before compares with
	Replaced    []Replacement // kernels that stand in for others
	GoneKernels []Part        // kernels of the run before, with how many cells
	NotRun      []Part        // what was planned and has no result
	Infra       int           // cells that the lab failed
	Conditions  []compare.Condition
}

// Replacement is a kernel that is compared with another of the run before.
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

// Compare says what changed. A kernel that the run before has not is compared
// with its predecessor there. The cells are compared under the policy of the
// later run.
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
			n.Problems = append(n.Problems, sanitize.Line("what changed could not be held against its history: "+err.Error()))
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
		if c.Name != "seed" { // each run has its own
			n.Conditions = append(n.Conditions, c)
		}
	}
	return n
}

// clean makes each text one safe line: some quote an archive or a guest.
func clean(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, sanitize.Line(t))
	}
	return out
}

// severity is how bad a cell is: 0 not at all.
func severity(c *results.Cell) int {
	switch {
	case !c.Bad():
		return 0
	case c.Verdict == outcome.Fail:
		return 1
	}
	return 2
}

// lineUp returns with which kernel of the run before each is compared now,
// where it is another, and notes which kernels came and stand in.
func (n *Summary) lineUp(before []results.Cell) map[string]string {
	was := results.Releases(before)
	left := slices.Clone(was) // kernels that no kernel stands in for
	predecessors := map[string]string{}
	standIn := func(release, old string) {
		n.Replaced = append(n.Replaced, Replacement{Kernel: release, Before: old})
		predecessors[release] = old
	}
	var others []string
	for _, release := range results.Releases(n.Cells) {
		old, ok := compare.Predecessor(release, was)
		if !ok {
			others = append(others, release)
			continue
		}
		left = slices.DeleteFunc(left, func(r string) bool { return r == old })
		if old != release {
			standIn(release, old)
		}
	}
	// A kernel of a new series came in place of one that went, or beside all
	// there were: then there is nothing that it could be worse than.
	for _, release := range others {
		gone, went := compare.Older(release, left)
		old, ok := compare.Older(release, was)
		if !went || !ok {
			n.NewKernels = append(n.NewKernels, release)
			continue
		}
		left = slices.DeleteFunc(left, func(r string) bool { return r == gone })
		standIn(release, old)
	}
	return predecessors
}

// notRun lists what was planned and has no result, and returns which cells
// those are. Kernels that could not be had are told by themselves.
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

// gone sorts the cells that only the run before has: those of kernels that
// are not in this run are named once, those that were not run are known.
func (n *Summary) gone(all []compare.Change, left map[results.CellKey]bool) {
	compared := results.Releases(n.Cells)
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

// known reports whether a cell of the run before is told to have not been run,
// there or on the kernel that stands in for its own.
func (n *Summary) known(left map[results.CellKey]bool, key results.CellKey) bool {
	if left[key] {
		return true
	}
	return slices.ContainsFunc(n.Replaced, func(r Replacement) bool {
		return r.Before == key.Kernel && left[results.CellKey{Kernel: r.Kernel, FS: key.FS, Test: key.Test}]
	})
}

// Regressed reports whether something got worse than in the run before.
func (n Summary) Regressed() bool { return len(n.Worse) > 0 }

// Whole reports whether the lab did all that it was asked for: only then does
// a run say that what it does not tell of is as it was.
func (n Summary) Whole() bool {
	return len(n.Problems) == 0 && len(n.Missing) == 0 && len(n.NotRun) == 0 && n.Infra == 0 && n.Run.ID != ""
}
