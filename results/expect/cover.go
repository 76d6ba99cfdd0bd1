package expect

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
)

// cover finds rules for the cells of one top-level test with the same result.
type cover struct {
	expectation
	kernels []string        // of the run and of one flavour, in order
	cells   []*results.Cell // of the test and these kernels, with any result
	missing map[results.CellKey]bool
}

// box is tests × filesystems × kernels, each in the order of reports.
type box struct{ tests, filesystems, kernels []string }

func (c *cover) rules() []Rule {
	var rules []Rule
	for _, b := range c.boxes() {
		r := Rule{Test: b.tests, Filesystem: b.filesystems, Outcome: c.outcome, Verdict: c.verdict}
		r.ranges = c.ranges(b)
		for _, k := range r.ranges {
			r.Kernels = append(r.Kernels, k.String())
		}
		r.Test = c.patterns(r)
		rules = append(rules, r)
	}
	return rules
}

// boxes splits the missing cells. It merges tests that miss the same cells, and for
// those either filesystems with the same kernels or kernels with the same
// filesystems, whichever gives fewer boxes.
func (c *cover) boxes() []box {
	type place struct{ fs, kernel string }
	byTest := make(map[string]map[place]bool)
	var tests, filesystems []string
	for _, x := range c.cells {
		if !c.missing[x.CellKey] {
			continue
		}
		if byTest[x.Test] == nil {
			byTest[x.Test] = make(map[place]bool)
			tests = append(tests, x.Test)
		}
		byTest[x.Test][place{x.FS, x.Kernel}] = true
		if !slices.Contains(filesystems, x.FS) {
			filesystems = append(filesystems, x.FS)
		}
	}
	var boxes []box
	for _, same := range sameSet(tests, func(t string) map[place]bool { return byTest[t] }) {
		places := byTest[same[0]]
		on := func(fs string) map[string]bool {
			found := map[string]bool{}
			for p := range places {
				if p.fs == fs {
					found[p.kernel] = true
				}
			}
			return found
		}
		under := func(kernel string) map[string]bool {
			found := map[string]bool{}
			for p := range places {
				if p.kernel == kernel {
					found[p.fs] = true
				}
			}
			return found
		}
		byFS, byKernel := sameSet(filesystems, on), sameSet(c.kernels, under)
		if len(byFS) <= len(byKernel) {
			for _, fs := range byFS {
				boxes = append(boxes, box{same, fs, in(c.kernels, on(fs[0]))})
			}
			continue
		}
		for _, ks := range byKernel {
			boxes = append(boxes, box{same, in(filesystems, under(ks[0])), ks})
		}
	}
	return boxes
}

// sameSet groups the names that have the same set, in order; names with an empty set
// are omitted.
func sameSet[K comparable](names []string, of func(string) map[K]bool) [][]string {
	var groups [][]string
	for _, n := range names {
		s := of(n)
		if len(s) == 0 {
			continue
		}
		i := slices.IndexFunc(groups, func(g []string) bool { return maps.Equal(of(g[0]), s) })
		if i < 0 {
			groups = append(groups, []string{n})
		} else {
			groups[i] = append(groups[i], n)
		}
	}
	return groups
}

// in returns the names that are in wanted.
func in(names []string, wanted map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !wanted[n] })
}

// ranges turns the kernels of b into ranges that contain no cell with another
// result. An end is widened to its series if the whole series agrees: the next
// point release is expected to behave the same.
func (c *cover) ranges(b box) []kernelversion.Range {
	tests := set(b.tests)
	others, releases := make(map[results.Kernel]bool), make(map[string]results.Kernel)
	for _, x := range c.cells {
		releases[x.Kernel] = x.Release()
		if tests[x.Test] && slices.Contains(b.filesystems, x.FS) && !c.met(x) {
			others[x.Release()] = true
		}
	}
	// sound returns the range, if it contains the kernels and none of the
	// others.
	sound := func(from, to string, kernels []string) (kernelversion.Range, bool) {
		x, err := kernelversion.ParseRange(from + ".." + to)
		if err != nil {
			return x, false
		}
		for _, k := range kernels {
			if !x.Contains(releases[k].Release) {
				return x, false
			}
		}
		for k := range others {
			if x.Contains(k.Release) {
				return x, false
			}
		}
		return x, true
	}
	// end names a kernel in a range: by its release, or by its version if the
	// release hides that.
	end := func(k string) string {
		if r := releases[k].Release; r != kernelversion.ReleaseOf(k) {
			return r.Version.String()
		}
		return k
	}
	var all []kernelversion.Range
	for kernels := b.kernels; len(kernels) > 0; {
		x, ok := sound(kernels[0], kernels[0], kernels[:1])
		n := 1
		for n < len(kernels) {
			wider, ok := sound(end(kernels[0]), end(kernels[n]), kernels[:n+1])
			if !ok {
				break
			}
			x = wider
			n++
		}
		first, last, covered := kernels[0], kernels[n-1], kernels[:n]
		kernels = kernels[n:]
		from, to := releases[first].Series(), releases[last].Series()
		for _, wider := range [][2]string{{from, to}, {from, end(last)}, {end(first), to}} {
			if y, sound := sound(wider[0], wider[1], covered); sound {
				x, ok = y, true
				break
			}
		}
		if ok || x != (kernelversion.Range{}) {
			all = append(all, x)
		}
	}
	return all
}

// patterns shortens the tests of r to prefixes of subtests with a "*", if no test
// with another result matches.
func (c *cover) patterns(r Rule) []string {
	others := make(map[string]bool)
	for _, x := range c.cells {
		if !others[x.Test] && r.ofFilesystem(x.FS) && !c.met(x) && r.ofKernel(x.Release()) {
			others[x.Test] = true
		}
	}
	left := slices.Clone(r.Test)
	var patterns []string
	for len(left) > 1 {
		best, most := "", 1
		for _, p := range prefixes(left) {
			n := 0
			for _, t := range left {
				if strings.HasPrefix(t, p) {
					n++
				}
			}
			// Of two that match the same tests, prefer the longer.
			if n == 1 || cmp.Or(n-most, len(p)-len(best)) <= 0 {
				continue
			}
			sound := true
			for t := range others {
				sound = sound && !strings.HasPrefix(t, p)
			}
			if sound {
				best, most = p, n
			}
		}
		if best == "" {
			break
		}
		patterns = append(patterns, best+"*")
		left = slices.DeleteFunc(left, func(t string) bool { return strings.HasPrefix(t, best) })
	}
	return append(patterns, left...)
}

// set returns names as a set.
func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// prefixes returns the prefixes of subtest names that end with a slash or a
// dash.
func prefixes(tests []string) []string {
	seen := make(map[string]bool)
	for _, t := range tests {
		sub := strings.IndexByte(t, '/')
		if sub < 0 {
			continue
		}
		for i := sub; i < len(t)-1; i++ {
			if t[i] == '/' || t[i] == '-' {
				seen[t[:i+1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
