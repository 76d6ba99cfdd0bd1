package compare

import (
	"slices"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// TrendPoint is one of a series of runs that tested the same. It is a document:
// fields may be added, but are never renamed or missing.
type TrendPoint struct {
	Run        string    `json:"run"`
	Started    time.Time `json:"started"`
	Cells      int       `json:"cells"`
	Violations int       `json:"violations"`
	Deviations int       `json:"deviations"`
	TrendChange
}

// TrendChange is how the violations of a run differ from those of the run before
// it, among the cells on which both have a verdict. A point release is compared
// with the one that it replaces.
type TrendChange struct {
	New   int `json:"new"`   // violations that the run before does not have
	Fixed int `json:"fixed"` // violations that only the run before has
	// Compared counts the cells on which both runs have a verdict. If it is 0, New
	// and Fixed say nothing.
	Compared int `json:"compared"`
}

// Trend are the points of runs, oldest first. change compares two of them.
func Trend(runs []results.RunSummary, change func(before, after results.RunSummary) (TrendChange, error)) ([]TrendPoint, error) {
	points := make([]TrendPoint, 0, len(runs))
	for i, r := range runs {
		p := TrendPoint{Run: r.ID, Started: r.Started, Cells: r.Cells, Violations: r.Classes[outcome.Violates], Deviations: r.Classes[outcome.Deviates]}
		if i > 0 {
			var err error
			if p.TrendChange, err = change(runs[i-1], r); err != nil {
				return nil, err
			}
		}
		points = append(points, p)
	}
	return points, nil
}

// ReadChange returns the change argument of Trend. cells reads those of a run; a
// series of runs is read once.
func ReadChange(cells func(run string) ([]results.Cell, error)) func(before, after results.RunSummary) (TrendChange, error) {
	var run string // read last: the next pair of runs begins with it
	var read []results.Cell
	return func(before, after results.RunSummary) (c TrendChange, err error) {
		older := read
		if run != before.ID {
			if older, err = cells(before.ID); err != nil {
				return c, err
			}
		}
		newer, err := cells(after.ID)
		if err != nil {
			return c, err
		}
		run, read = after.ID, newer
		return changedViolations(older, newer), nil
	}
}

func changedViolations(before, after []results.Cell) (n TrendChange) {
	older := make(map[results.CellKey]*results.Cell, len(before))
	for i := range before {
		older[before[i].CellKey] = &before[i]
	}
	replaces := predecessors(before, after)
	others := otherFlavours(results.Releases(before), results.Releases(after))
	for i := range after {
		c := &after[i]
		k := c.CellKey
		if old, ok := replaces[k.Kernel]; ok {
			k.Kernel = old
		} else if others[k.Kernel] {
			continue
		}
		was := older[k]
		if was == nil || !decided(was) || !decided(c) {
			continue
		}
		n.Compared++
		switch had, has := was.Class() == outcome.Violates, c.Class() == outcome.Violates; {
		case has && !had:
			n.New++
		case had && !has:
			n.Fixed++
		}
	}
	return n
}

// decided reports whether the kernel was observed in a cell: not if it was
// skipped.
func decided(c *results.Cell) bool {
	switch c.Class() {
	case outcome.Passes, outcome.Deviates, outcome.Violates:
		return true
	}
	return false
}

// TrendRuns selects the runs of a trend from all, newest first: at most most
// runs that tested the same, up to the newest nightly run, because runs that
// somebody made in between test something else. Without two nightly runs it is
// up to the newest run. Oldest first.
func TrendRuns(all []results.RunSummary, most int) (runs []results.RunSummary, nightly bool) {
	all = slices.DeleteFunc(slices.Clone(all), func(r results.RunSummary) bool { return !r.InSequence() })
	if len(all) == 0 {
		return nil, false
	}
	end := all[0]
	if nights := ofNights(all); len(nights) > 1 {
		end = nights[0]
	}
	return TrendUpTo(end, all, most)
}

// TrendUpTo selects the runs of a trend that ends with one run: those before it
// that tested the same filesystems with the same choice of tests. Kernels change
// from night to night. A nightly run has only nightly ones before it, if there
// are any.
func TrendUpTo(end results.RunSummary, all []results.RunSummary, most int) (runs []results.RunSummary, nightly bool) {
	runs = []results.RunSummary{end}
	for _, r := range all {
		if r.InSequence() && startedBefore(r, end) && r.Selected.Key() == end.Selected.Key() {
			runs = append(runs, r)
		}
	}
	if nights := ofNights(runs); end.Origin == results.OriginNightly && len(nights) > 1 {
		runs, nightly = nights, true
	}
	runs = runs[:min(most, len(runs))]
	slices.Reverse(runs)
	return runs, nightly
}

// startedBefore reports whether a run began before another one. Runs are listed by
// their ids when they began at the same time.
func startedBefore(r, other results.RunSummary) bool {
	return r.Started.Before(other.Started) || r.Started.Equal(other.Started) && r.ID < other.ID
}

func ofNights(runs []results.RunSummary) []results.RunSummary {
	return slices.DeleteFunc(slices.Clone(runs), func(r results.RunSummary) bool { return r.Origin != results.OriginNightly })
}
