package expect

import (
	"slices"

	"github.com/splicelab/splicelab/results"
)

// flavour is the kernels of a run that are of one flavour, and how a rule names it.
type flavour struct {
	releases      []string
	arch, flavour []string
	// named is whether these tell it from the others. If not, the ranges of a rule
	// have to.
	named bool
}

// flavoursOf are the flavours of a run's kernels, in order.
func flavoursOf(cells []results.Cell) []flavour {
	var groups [][]results.Kernel
	for _, k := range results.Releases(cells) {
		i := slices.IndexFunc(groups, func(g []results.Kernel) bool { return g[0].SameFlavour(k) })
		if i < 0 {
			i, groups = len(groups), append(groups, nil)
		}
		groups[i] = append(groups[i], k)
	}
	all := make([]flavour, len(groups))
	for i, g := range groups {
		f := flavour{releases: results.ReleaseNames(g)}
		switch k := g[0]; {
		case len(groups) == 1:
			f.named = true
		case k.Flavour != "":
			f.flavour, f.named = []string{k.Flavour}, true
		case k.Arch != "" && !slices.ContainsFunc(groups, func(o []results.Kernel) bool { return o[0].Arch == k.Arch && o[0] != k }):
			f.arch, f.named = []string{k.Arch}, true
		}
		all[i] = f
	}
	return all
}

// among returns the cells on kernels of the flavour.
func (f flavour) among(cells []*results.Cell) []*results.Cell {
	return slices.DeleteFunc(slices.Clone(cells), func(c *results.Cell) bool { return !slices.Contains(f.releases, c.Kernel) })
}

// merge adds a rule, or its flavour to a rule that is the same otherwise.
func merge(rules []Rule, r Rule) []Rule {
	for i := range rules {
		if o := &rules[i]; o.Outcome == r.Outcome && o.Verdict == r.Verdict && slices.Equal(o.Test, r.Test) &&
			slices.Equal(o.Filesystem, r.Filesystem) && slices.Equal(o.Kernels, r.Kernels) && len(o.Flavour) > 0 && len(r.Flavour) > 0 {
			o.Flavour = slices.Concat(o.Flavour, r.Flavour)
			return rules
		}
	}
	return append(rules, r)
}
