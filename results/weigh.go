package results

import "slices"

// Weigh tells regressions from flakes: a cell that fails and did not stays
// among NewFailures only if it is Regressed, else it goes to Flaky. past has
// the attempts at the earlier cell of each up to then.
func (d *Difference) Weigh(past func(CellKey) Rate, fails Judgement) {
	candidates := append(slices.Clone(d.NewFailures), d.Flaky...)
	slices.SortFunc(candidates, func(a, b Change) int { return compareKeys(a.CellKey, b.CellKey) })
	d.NewFailures, d.Flaky = nil, nil
	for _, c := range candidates {
		c.Past, c.Now = past(c.Before.CellKey), RateOf(c.After, fails)
		if Regressed(c.Now, c.Past) {
			d.NewFailures = append(d.NewFailures, c)
		} else {
			d.Flaky = append(d.Flaky, c)
		}
	}
}

// Unweighed are the keys of the earlier cells whose history Weigh asks for.
func (d *Difference) Unweighed() []CellKey {
	var keys []CellKey
	for _, list := range [][]Change{d.NewFailures, d.Flaky} {
		for _, c := range list {
			keys = append(keys, c.Before.CellKey)
		}
	}
	return keys
}

// weighed says what Weigh found.
func (c Change) weighed() string {
	s := "failed " + c.Now.String() + " now, "
	switch {
	case c.Past.Attempts == 0:
		return s + "and has no history"
	case c.Past.Failed == 0:
		return s + "never in " + plural(c.Past.Attempts, "attempt") + " before"
	}
	return s + c.Past.String() + " before"
}
