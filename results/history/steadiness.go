package history

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Unsteady is a cell whose result differs between runs or between the attempts of
// a run.
type Unsteady struct {
	results.CellKey
	Runs int            // runs with a result for it
	Came map[string]int // number of attempts by verdict and outcome, e.g. "fail live"
	Rate Rate           // of the attempts that failed
	// Turns is how often the result differs from the previous run's. A single
	// turn without a run whose attempts differ is a change, not flakiness.
	Turns int
	Mixed int // runs whose attempts differ

	last string // its result in the run added last
}

// Flaky reports whether the result went back and forth, rather than changing
// once.
func (u *Unsteady) Flaky() bool { return u.Turns > 1 || u.Mixed > 0 }

// most is the share of the most frequent result.
func (u *Unsteady) most() float64 {
	n, top := 0, 0
	for _, k := range u.Came {
		n, top = n+k, max(top, k)
	}
	return float64(top) / float64(n)
}

// Steadiness compares the cells of several runs by verdict and outcome.
type Steadiness struct {
	runs int
	all  map[subject]*Unsteady

	// Of cells that are not in all, because no run is going to be added that has
	// them: how many have more than one result, and those whose results differ.
	compared int
	unsteady []Unsteady
}

// ColumnStore reads runs by kernel and filesystem.
type ColumnStore interface {
	Columns(ctx context.Context, runID string) ([]results.Column, error)
	// CellsOfColumn returns cells with the fields that a Judgement needs.
	CellsOfColumn(ctx context.Context, runID string, of results.Column) ([]results.Cell, error)
}

// CompareRuns compares runs, which are in chronological order or in reverse, under
// one policy. It reads one column of all of them at a time, and keeps only the
// cells whose results differ: all cells of some large runs take gigabytes.
func CompareRuns(ctx context.Context, s ColumnStore, runs []results.Run, p outcome.Policy, fails Judgement) (*Steadiness, error) {
	having := map[results.Column][]string{} // the runs that have a column
	for _, r := range runs {
		columns, err := s.Columns(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			having[c] = append(having[c], r.ID)
		}
	}
	all := &Steadiness{runs: len(runs)}
	for c, ids := range having {
		var one Steadiness
		for _, id := range ids {
			cells, err := s.CellsOfColumn(ctx, id, c)
			if err != nil {
				return nil, err
			}
			one.Add(results.Show(cells, p), fails)
		}
		compared, unsteady := one.Cells()
		all.compared, all.unsteady = all.compared+compared, append(all.unsteady, unsteady...)
	}
	return all, nil
}

// subject is a cell. Builds for two architectures may have a release in common.
type subject struct {
	results.CellKey
	results.Platform
}

// Add adds the cells of a run. Runs are added in chronological order or in
// reverse. Infra does not count.
func (s *Steadiness) Add(cells []results.Cell, fails Judgement) {
	s.runs++
	if s.all == nil {
		s.all = make(map[subject]*Unsteady)
	}
	for i := range cells {
		c := &cells[i]
		if c.Verdict == outcome.Infra {
			continue
		}
		of := subject{c.CellKey, c.Release().Comparable()}
		u := s.all[of]
		if u == nil {
			u = &Unsteady{CellKey: c.CellKey, Came: make(map[string]int)}
			s.all[of] = u
		}
		u.add(c, fails)
	}
}

func (u *Unsteady) add(c *results.Cell, fails Judgement) {
	now := resultOf(&c.Attempt)
	if u.Runs > 0 && now != u.last {
		u.Turns++
	}
	u.Runs, u.last = u.Runs+1, now
	u.Rate = u.Rate.Plus(RateOf(c, fails))
	u.Came[now]++
	mixed := false
	for i := range c.Others {
		if a := &c.Others[i]; a.Verdict != outcome.Infra {
			u.Came[resultOf(a)]++
			mixed = mixed || resultOf(a) != now
		}
	}
	if mixed {
		u.Mixed++
	}
}

// resultOf is the result of an attempt: "fail live".
func resultOf(a *results.Attempt) string {
	return strings.TrimSpace(string(a.Verdict) + " " + string(a.Outcome))
}

// Cells returns how many cells have more than one result, and those whose
// results differ: flaky ones first, the least consistent of them first.
func (s *Steadiness) Cells() (compared int, unsteady []Unsteady) {
	compared, unsteady = s.compared, slices.Clone(s.unsteady)
	for _, u := range s.all {
		n := 0
		for _, k := range u.Came {
			n += k
		}
		if n > 1 {
			compared++
		}
		if len(u.Came) > 1 {
			unsteady = append(unsteady, *u)
		}
	}
	slices.SortFunc(unsteady, func(a, b Unsteady) int {
		if a.Flaky() != b.Flaky() {
			if a.Flaky() {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.most(), b.most()), b.Turns-a.Turns, results.CompareKeys(a.CellKey, b.CellKey))
	})
	return compared, unsteady
}

// Runs is how many runs were added.
func (s *Steadiness) Runs() int { return s.runs }
