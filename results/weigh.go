package results

import "slices"

// Weigh tells regressions from flakes: a cell that fails and did not stays
// among NewFailures only if it is Regressed, else it goes to Flaky; one that
// was flaky then and is now is among NewFailures if it fails more often. past
// has the attempts at the earlier cell of each up to then.
func (d *Difference) Weigh(past func(CellKey) Rate, fails Judgement) {
	candidates := d.unweighed()
	d.NewFailures, d.Flaky = nil, nil
	for _, c := range candidates {
		c.Past, c.Now = past(c.Before.CellKey), RateOf(c.After, fails)
		shaky := slices.ContainsFunc(d.shaky, func(s Change) bool { return s.CellKey == c.CellKey })
		switch {
		case Regressed(c.Now, c.Past):
			d.NewFailures = append(d.NewFailures, c)
			if shaky {
				d.Same--
			}
		case !shaky:
			d.Flaky = append(d.Flaky, c)
		}
	}
}

// unweighed are the changes that their history has to say something of, in the
// order of reports.
func (d *Difference) unweighed() []Change {
	all := slices.Concat(d.NewFailures, d.Flaky, d.shaky)
	slices.SortFunc(all, func(a, b Change) int { return compareKeys(a.CellKey, b.CellKey) })
	return all
}

// Unweighed are the keys of the earlier cells whose history Weigh asks for.
func (d *Difference) Unweighed() []CellKey {
	var keys []CellKey
	for _, c := range d.unweighed() {
		keys = append(keys, c.Before.CellKey)
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
