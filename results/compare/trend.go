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
	// New and Fixed count the violations that the run before does not have, or
	// that only it has, of the cells of both. A point release is compared with
	// the one that it replaces. Both are 0 for the first run.
	New   int `json:"new"`
	Fixed int `json:"fixed"`
}

// Trend counts the violations and deviations of runs, oldest first, and what is
// new in each. cells reads those of a run.
func Trend(runs []results.Run, cells func(results.Run) ([]results.Cell, error)) ([]TrendPoint, error) {
	points := make([]TrendPoint, 0, len(runs))
	var before []results.Cell
	for i, r := range runs {
		now, err := cells(r)
		if err != nil {
			return nil, err
		}
		n := results.Count(now).Classes
		p := TrendPoint{Run: r.ID, Started: r.Started, Cells: len(now), Violations: n[outcome.Violates], Deviations: n[outcome.Deviates]}
		if i > 0 {
			p.New, p.Fixed = newViolations(before, now)
		}
		points, before = append(points, p), now
	}
	return points, nil
}

func newViolations(before, now []results.Cell) (began, ended int) {
	older := make(map[results.CellKey]*results.Cell, len(before))
	for i := range before {
		older[before[i].CellKey] = &before[i]
	}
	replaces := predecessors(before, now)
	for i := range now {
		c := &now[i]
		k := c.CellKey
		if old, ok := replaces[k.Kernel]; ok {
			k.Kernel = old
		}
		was := older[k]
		if was == nil || undecided(was) || undecided(c) {
			continue
		}
		switch had, has := was.Class() == outcome.Violates, c.Class() == outcome.Violates; {
		case has && !had:
			began++
		case had && !has:
			ended++
		}
	}
	return began, ended
}

func undecided(c *results.Cell) bool { return c.Class() == outcome.Undecided }

// Comparable are the runs that tested the same as the newest of them: the same
// filesystems and the same choice of tests. Kernels change from night to night.
// runs are newest first; the result is oldest first and has at most most runs.
func Comparable(runs []results.Run, most int) []results.Run {
	var same []results.Run
	for _, r := range runs {
		if len(same) == most {
			break
		}
		if r.Selected.Tests == runs[0].Selected.Tests && slices.Equal(r.Selected.Filesystems, runs[0].Selected.Filesystems) {
			same = append(same, r)
		}
	}
	slices.Reverse(same)
	return same
}
