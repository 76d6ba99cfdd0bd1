package compare

import (
	"slices"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Assess separates regressions from flakes. A new failure stays in NewFailures
// only if it has regressed (see history.Regressed), else it moves to Flaky. A
// cell that was flaky and still is moves to NewFailures if it fails more often.
// past returns the failure rate of a cell up to the earlier run.
func (d *Difference) Assess(past func(results.CellKey) history.Rate, fails history.Judgement) {
	candidates := d.unassessed()
	d.NewFailures, d.Flaky = nil, nil
	for _, c := range candidates {
		c.Past, c.Now = past(c.Before.CellKey), history.RateOf(c.After, fails)
		shaky := slices.ContainsFunc(d.shaky, func(s Change) bool { return s.CellKey == c.CellKey })
		switch {
		case history.Regressed(c.Now, c.Past):
			d.NewFailures = append(d.NewFailures, c)
			if shaky {
				d.Same--
			}
		case !shaky:
			d.Flaky = append(d.Flaky, c)
		}
	}
}

// unassessed are the changes that depend on history, in the order of reports.
func (d *Difference) unassessed() []Change {
	all := slices.Concat(d.NewFailures, d.Flaky, d.shaky)
	slices.SortFunc(all, func(a, b Change) int { return results.CompareCells(a.After, b.After) })
	return all
}

// Unassessed returns the keys of earlier cells whose history Assess needs.
func (d *Difference) Unassessed() []results.CellKey {
	var keys []results.CellKey
	for _, c := range d.unassessed() {
		keys = append(keys, c.Before.CellKey)
	}
	return keys
}
