package plan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// UpTo keeps the tests of the priorities 0 (the highest) to lowest, and all
// control cells, which have no priority.
func UpTo(suites []protocol.Suite, lowest int) []protocol.Suite {
	var kept []protocol.Suite
	for _, s := range suites {
		s.Tests = slices.DeleteFunc(slices.Clone(s.Tests), func(t protocol.Test) bool { return t.Priority > lowest && !t.Control })
		kept = append(kept, s)
	}
	return kept
}

// Quick keeps the representative cells and the control cells. A suite that names
// none is kept whole.
func Quick(suites []protocol.Suite) []protocol.Suite {
	var kept []protocol.Suite
	for _, s := range suites {
		named := func(t protocol.Test) bool { return len(t.Quick) > 0 }
		if slices.ContainsFunc(s.Tests, named) {
			var tests []protocol.Test
			for _, t := range s.Tests {
				if named(t) {
					t.Cells = t.Quick
				} else if !t.Control {
					continue
				}
				tests = append(tests, t)
			}
			s.Tests = tests
		}
		kept = append(kept, s)
	}
	return kept
}

// Expand lists a suite's tests with one entry per cell.
func Expand(s protocol.Suite) []Test {
	var out []Test
	for _, t := range s.Tests {
		p := Test{Suite: s.Name, Top: t.Name, Kind: outcome.Kind(t.Kind), Control: t.Control, Modules: t.Modules, Fault: t.Fault, Plain: t.Plain}
		if len(t.Cells) == 0 {
			out = append(out, p)
			continue
		}
		for _, sub := range t.Cells {
			p.Sub = sub
			out = append(out, p)
		}
	}
	return out
}

// Near returns up to five names that share the longest substring with pattern.
func Near(pattern string, names []string) []string {
	want := strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(pattern, " "))
	type scored struct {
		name  string
		score int
	}
	var hits []scored
	for _, n := range names {
		top, _, _ := strings.Cut(n, "/")
		low := strings.ToLower(top)
		best := 0
		for _, w := range strings.Fields(want) {
			w = strings.TrimPrefix(w, "test")
			for i := range w {
				for l := min(len(w)-i, 24); l > best; l-- {
					if strings.Contains(low, w[i:i+l]) {
						best = l
						break
					}
				}
			}
		}
		if best >= 4 && !slices.ContainsFunc(hits, func(h scored) bool { return h.name == top }) {
			hits = append(hits, scored{top, best})
		}
	}
	slices.SortStableFunc(hits, func(a, b scored) int { return b.score - a.score })
	var out []string
	for _, h := range hits[:min(5, len(hits))] {
		out = append(out, h.name)
	}
	return out
}
