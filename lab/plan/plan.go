// Package plan defines which cells a run consists of, and in which order they
// run. A plan is plain data: it names kernels that need not be fetched yet,
// and knows neither VMs nor stores.
//
// Read plan.go (what a plan is), filter.go (which tests of a suite it
// includes), unit.go (its units of work, and their order), remaining.go (what
// is left when some cells have results).
package plan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Isolation is whether cells share a VM.
type Isolation string

const (
	// IsolationVM lets the cells of one kernel and filesystem share a VM until
	// one of them crashes, hangs, or fails without recording an outcome.
	// A recorded outcome that the policy rejects leaves the VM usable.
	IsolationVM Isolation = "vm"
	// IsolationCell gives each cell its own VM.
	IsolationCell Isolation = "cell"
)

// Plan is a set of cells: the product of its kernels, profiles and tests. It
// is kept as a product so that a plan of 100,000 cells costs no more than its
// three lists.
type Plan struct {
	Kernels  []Kernel
	Profiles []images.Profile
	Tests    []Test
	// Repeat is the number of attempts with a verdict that each cell gets, each
	// in its own VM under IsolationCell; 0 means 1. Control cells that have
	// their own VM run once.
	Repeat int
	// RetryFailures is the number of additional attempts that a failing cell
	// gets, each in a fresh VM, after all other cells. 0 means none.
	RetryFailures int
}

// Kernel identifies a kernel, which may not be fetched yet.
type Kernel struct {
	Release string                `json:"release"`
	Version kernelversion.Version `json:"version"`
	Arch    string                `json:"arch,omitempty"` // see kernels.AMD64; empty in old recipes, which are amd64
	Flavour string                `json:"flavour,omitempty"`
	// PageSize is in bytes; 0 if it is unknown until the kernel is fetched.
	PageSize int    `json:"page_size,omitempty"`
	Origin   string `json:"origin"`
	// Digest identifies the build; empty until the kernel is fetched.
	Digest string `json:"digest,omitempty"`
}

// KernelOf is the plan's view of a kernel that is ready to boot.
func KernelOf(k kernels.Kernel) Kernel {
	return Kernel{Release: k.Release, Version: k.Version, Arch: k.Arch, Flavour: k.Flavour, PageSize: k.PageSize, Origin: k.Origin, Digest: k.Digest}
}

// KernelOfEntry is the plan's view of a kernel that is still to be fetched.
func KernelOfEntry(e kernels.Entry) Kernel {
	return Kernel{Release: e.Release, Version: e.Version, Arch: e.Arch, Flavour: e.Flavour, PageSize: e.PageSize, Origin: e.Origin}
}

// Test is one test or subtest, a row of the matrix.
type Test struct {
	Suite   string // name of the test binary, without .test
	Top     string // the Go function
	Sub     string // subtest below it; may contain slashes; empty for none
	Kind    outcome.Kind
	Control bool
	// Plain marks a Go test that does not use the kit. The kernel log does not
	// show where it begins, and it may call t.Parallel, so it gets its own
	// process.
	Plain   bool
	Modules []string // kernel modules that it may load
	Fault   string   // what fault injection corrupts to show that it can fail
}

// Name is the test's name in results: suite.TestName/subtest.
func (t Test) Name() string { return t.Suite + "." + t.GoName() }

// GoName is the test's name in its own binary.
func (t Test) GoName() string {
	if t.Sub == "" {
		return t.Top
	}
	return t.Top + "/" + t.Sub
}

// Cells is the number of cells of the plan.
func (p Plan) Cells() int { return len(p.Kernels) * len(p.Profiles) * len(p.Tests) }

// Attempts is how many attempts with a verdict the plan needs, not counting
// retries of failing cells.
func (p Plan) Attempts(i Isolation) int {
	n := 0
	for _, t := range p.Tests {
		n += p.repeat(i, t)
	}
	return n * len(p.Kernels) * len(p.Profiles)
}

// repeat is how often a test runs on one kernel and profile.
func (p Plan) repeat(i Isolation, t Test) int {
	if t.Control && i == IsolationCell {
		return 1
	}
	return max(p.Repeat, 1)
}

// Suites names the suites of the plan's tests, each once.
func (p Plan) Suites() []string {
	var names []string
	seen := map[string]bool{}
	for _, t := range p.Tests {
		if !seen[t.Suite] {
			seen[t.Suite] = true
			names = append(names, t.Suite)
		}
	}
	return names
}

// NoMatchError reports a test pattern that matches nothing.
type NoMatchError struct {
	Pattern string
	Near    []string // tests with similar names
}

func (e *NoMatchError) Error() string {
	s := fmt.Sprintf("no test matches %q", e.Pattern)
	if len(e.Near) > 0 {
		s += "; near it: " + strings.Join(e.Near, ", ")
	}
	return s
}

// BadInput marks the error as the user's.
func (*NoMatchError) BadInput() {}

// New crosses kernels and profiles with the tests whose name matches pattern (all
// if it is empty). Control cells are in every plan. A pattern that does not
// compile is an error that quotes it; one that matches nothing is a
// *NoMatchError.
func New(ks []Kernel, ps []images.Profile, suites []protocol.Suite, pattern string) (Plan, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Plan{}, fmt.Errorf("test pattern %q: %w", pattern, err)
	}
	seen := map[string]string{}
	for _, k := range ks {
		if other, twice := seen[k.Release]; twice {
			return Plan{}, fmt.Errorf("two kernels have the release %s (%s and %s), so their results would be indistinguishable: run them one at a time", k.Release, other, k.Origin)
		}
		seen[k.Release] = k.Origin
	}
	p := Plan{Kernels: ks, Profiles: ps}
	var controls []Test
	var all []string
	for _, s := range suites {
		if s.Name == hiddenSuite && !strings.Contains(pattern, hiddenSuite) {
			continue
		}
		for _, t := range Expand(s) {
			all = append(all, t.Name())
			switch {
			case re.MatchString(t.Name()):
				p.Tests = append(p.Tests, t)
			case t.Control:
				controls = append(controls, t)
			}
		}
	}
	if len(p.Tests) == 0 {
		return Plan{}, &NoMatchError{Pattern: pattern, Near: Near(pattern, all)}
	}
	p.Tests = append(controls, p.Tests...)
	return p, nil
}

// hiddenSuite misbehaves on purpose. It tests the lab and not kernels, so it is
// only in a plan if the pattern names it.
const hiddenSuite = "selftest"

// Keys are the keys of all cells of the plan.
func (p Plan) Keys() []results.CellKey {
	keys := make([]results.CellKey, 0, p.Cells())
	for _, k := range p.Kernels {
		for _, f := range p.Profiles {
			for _, t := range p.Tests {
				keys = append(keys, Key(k, f, t))
			}
		}
	}
	return keys
}

// Key is the cell's key in the store.
func Key(k Kernel, p images.Profile, t Test) results.CellKey {
	return results.CellKey{Kernel: k.Release, FS: p.Name, Test: t.Name()}
}
