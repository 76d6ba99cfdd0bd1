package compare

import (
	"slices"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Assess tells regressions from flakes: a cell that fails and did not stays
// among NewFailures only if it is Regressed, else it goes to Flaky; one that
// was flaky then and is now is among NewFailures if it fails more often. past
// has the attempts at the earlier cell of each up to then.
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

// unassessed are the changes that their history has to say something of, in the
// order of reports.
func (d *Difference) unassessed() []Change {
	all := slices.Concat(d.NewFailures, d.Flaky, d.shaky)
	slices.SortFunc(all, func(a, b Change) int { return results.CompareCells(a.After, b.After) })
	return all
}

// Unassessed are the keys of the earlier cells whose history Assess asks for.
func (d *Difference) Unassessed() []results.CellKey {
	var keys []results.CellKey
	for _, c := range d.unassessed() {
		keys = append(keys, c.Before.CellKey)
	}
	return keys
}
