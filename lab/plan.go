package lab

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Plan is a set of cells: the product of its kernels, profiles and tests. It
// is kept as a product, so that a plan of 100,000 cells costs no more than
// its edges.
type Plan struct {
	// Kernels are ready to boot, unless Fetch is set: then their Release is
	// all that must be known, and Fetch waits until one is ready.
	Kernels  []kernels.Kernel
	Fetch    func(ctx context.Context, release string) (kernels.Kernel, error)
	Profiles []images.Profile
	Tests    []PlannedTest
	// Repeat is how many attempts each cell gets that all come to a verdict,
	// each in a VM of its own where cells have one; 0 is 1. Control cells, where
	// they have a VM of their own, run once.
	Repeat int
	// RetryFailures is how many more attempts a cell gets that is bad, each in a
	// fresh VM, after all others. 0 is none.
	RetryFailures int
}

// PlannedTest is one test or subtest, a row of the matrix.
type PlannedTest struct {
	Suite   string // name of the test binary, without .test
	Top     string // the Go function
	Sub     string // subtest below it; may hold slashes; empty for none
	Kind    outcome.Kind
	Control bool
	// Plain is a Go test that does not use the kit: nothing in the kernel log
	// says where it begins, and it may run beside others, so it gets a process
	// of its own.
	Plain   bool
	Modules []string // kernel modules that it may ask for
	Fault   string   // what is damaged to prove that it can fail
}

// Name is the test's name in results: suite.TestName/subtest.
func (t PlannedTest) Name() string { return t.Suite + "." + t.goName() }

// goName is the test's name in its own binary.
func (t PlannedTest) goName() string {
	if t.Sub == "" {
		return t.Top
	}
	return t.Top + "/" + t.Sub
}

// Cells is the number of cells of the plan.
func (p Plan) Cells() int { return len(p.Kernels) * len(p.Profiles) * len(p.Tests) }

// attempts is how many attempts with a verdict the plan makes under i.
func (p Plan) attempts(i Isolation) int {
	n := 0
	for _, t := range p.Tests {
		n += p.repeat(i, t)
	}
	return n * len(p.Kernels) * len(p.Profiles)
}

// repeat is how often a test runs on one kernel and profile.
func (p Plan) repeat(i Isolation, t PlannedTest) int {
	if t.Control && i == IsolationCell {
		return 1
	}
	return max(p.Repeat, 1)
}

// NoMatchError says that a test pattern matches nothing.
type NoMatchError struct {
	Pattern string
	Near    []string // tests with names like it
}

func (e *NoMatchError) Error() string {
	s := fmt.Sprintf("no test matches %q", e.Pattern)
	if len(e.Near) > 0 {
		s += "; near it: " + strings.Join(e.Near, ", ")
	}
	return s + "; `splicelab tests list` shows all"
}

// NewPlan crosses kernels and profiles with the tests whose name matches
// pattern (all, when it is empty). Control cells are in every plan. A bad
// pattern is an error that quotes it; one that matches nothing a *NoMatchError.
func NewPlan(ks []kernels.Kernel, ps []images.Profile, suites []protocol.Suite, pattern string) (Plan, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Plan{}, fmt.Errorf("test pattern %q: %w", pattern, err)
	}
	seen := map[string]string{}
	for _, k := range ks {
		if other, twice := seen[k.Release]; twice {
			return Plan{}, fmt.Errorf("two kernels call themselves %s (%s and %s), and their results could not be told apart: run them one by one", k.Release, other, k.Origin)
		}
		seen[k.Release] = k.Origin
	}
	plan := Plan{Kernels: ks, Profiles: ps}
	var controls []PlannedTest
	var all []string
	for _, s := range suites {
		if s.Name == quietSuite && !strings.Contains(pattern, quietSuite) {
			continue
		}
		for _, t := range Expand(s) {
			all = append(all, t.Name())
			switch {
			case re.MatchString(t.Name()):
				plan.Tests = append(plan.Tests, t)
			case t.Control:
				controls = append(controls, t)
			}
		}
	}
	if len(plan.Tests) == 0 {
		return Plan{}, &NoMatchError{Pattern: pattern, Near: Near(pattern, all)}
	}
	plan.Tests = append(controls, plan.Tests...)
	return plan, nil
}

// UpTo keeps the tests of priority 0, the highest, to lowest. Control cells
// have none.
func UpTo(suites []protocol.Suite, lowest int) []protocol.Suite {
	var kept []protocol.Suite
	for _, s := range suites {
		s.Tests = slices.DeleteFunc(slices.Clone(s.Tests), func(t protocol.Test) bool { return t.Priority > lowest && !t.Control })
		kept = append(kept, s)
	}
	return kept
}

// Quick keeps the cells that stand for the others, and the control cells. A
// suite that names none is kept as it is.
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

// Expand lists a suite's tests with one entry a cell.
func Expand(s protocol.Suite) []PlannedTest {
	var out []PlannedTest
	for _, t := range s.Tests {
		p := PlannedTest{Suite: s.Name, Top: t.Name, Kind: outcome.Kind(t.Kind), Control: t.Control, Modules: t.Modules, Fault: t.Fault, Plain: t.Plain}
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

// Near returns up to five names that share the longest piece with pattern.
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

// group is the cells of one kernel and one profile: they may share a VM.
type group struct {
	kernel  *kernels.Kernel
	profile *images.Profile
	tests   []PlannedTest
	retry   bool // it was bad, and is run once more
}

func (g group) key(t PlannedTest) results.CellKey {
	return results.CellKey{Kernel: g.kernel.Release, FS: g.profile.Name, Test: t.Name()}
}

// spec names what the group's machines are made of.
func (g group) spec() string { return g.kernel.Release + " " + g.profile.Name }

// groups splits the plan into what one worker takes at a time: a kernel with
// a profile when VMs are shared, a single cell when they are not. What is
// expected to take long comes first, so that the end is not spent waiting for
// it; the cells of a kernel and a profile stay together, since they share
// templates.
func (p Plan) groups(i Isolation, expected map[results.CellKey]time.Duration) []group {
	type whole struct {
		group
		each []time.Duration // by test
		sum  time.Duration
	}
	var all []whole
	for k := range p.Kernels {
		for f := range p.Profiles {
			w := whole{group: group{kernel: &p.Kernels[k], profile: &p.Profiles[f], tests: p.Tests}}
			w.each = make([]time.Duration, len(p.Tests))
			for t := range p.Tests {
				w.each[t] = expected[w.key(p.Tests[t])]
				w.sum += w.each[t]
			}
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b whole) int { return cmp.Compare(b.sum, a.sum) })
	var out []group
	for _, w := range all {
		if i == IsolationVM {
			out = append(out, slices.Repeat([]group{w.group}, max(p.Repeat, 1))...)
			continue
		}
		order := make([]int, len(p.Tests))
		for t := range order {
			order[t] = t
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(w.each[b], w.each[a]) })
		for _, t := range order {
			g := w.group
			g.tests = p.Tests[t : t+1]
			out = append(out, slices.Repeat([]group{g}, p.repeat(i, p.Tests[t]))...)
		}
	}
	return out
}

// runPattern is the -test.run expression that matches these tests exactly.
// Go's testing splits alternatives before levels, so each test is one
// alternative of its own, anchored at every level.
func runPattern(tests []PlannedTest) string {
	alts := make([]string, len(tests))
	for i, t := range tests {
		levels := strings.Split(t.goName(), "/")
		for j, l := range levels {
			levels[j] = "^" + regexp.QuoteMeta(l) + "$"
		}
		alts[i] = strings.Join(levels, "/")
	}
	return strings.Join(alts, "|")
}
