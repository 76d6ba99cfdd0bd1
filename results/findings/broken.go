// Package findings extracts what a run shows about kernels: the failing
// invariants, with the page that lists them, and the policy vectors. It
// operates on cells and needs no store.
package findings

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// TestInfo is the catalogue entry of a test.
type TestInfo struct {
	ID     string // catalogue number, e.g. "B8"
	Family string // e.g. "B mutation after the splice"
	Doc    string // one sentence
}

// Broken is a failing invariant: a test with an outcome that no policy allows,
// or a crash or hang, and the cell that shows it best.
type Broken struct {
	Test    string // suite.TestName
	Verdict outcome.Verdict
	Outcome outcome.Outcome
	// Example is the cell on the newest kernel, with the simplest subtest.
	Example results.Cell
	// Where lists, by kernel, the filesystems on which it was observed.
	Where map[string][]string
	// Name is a file name: "b8-phantom-zero".
	Name string
}

// BrokenInvariants groups results that no policy allows by test and outcome, in
// the order of the catalogue. info returns the entry of a test by its name,
// suite.TestName.
func BrokenInvariants(cells []results.Cell, info func(string) TestInfo) []Broken {
	type key struct {
		test    string
		verdict outcome.Verdict
		outcome outcome.Outcome
	}
	found := map[key]*Broken{}
	for _, c := range cells {
		if !c.Verdict.Bad() || c.Verdict == outcome.BootFail || c.Verdict == outcome.Fail && c.Kind != outcome.Invariant {
			continue
		}
		top, _, _ := strings.Cut(c.Test, "/")
		k := key{top, c.Verdict, c.Outcome}
		b := found[k]
		if b == nil {
			b = &Broken{Test: top, Verdict: c.Verdict, Outcome: c.Outcome, Example: c, Where: map[string][]string{}}
			found[k] = b
		}
		if !slices.Contains(b.Where[c.Kernel], c.FS) {
			b.Where[c.Kernel] = append(b.Where[c.Kernel], c.FS)
		}
		if cmp.Or(c.Release().Compare(b.Example.Release()), cmp.Compare(len(b.Example.Test), len(c.Test))) > 0 {
			b.Example = c
		}
	}
	all := slices.Collect(maps.Values(found))
	slices.SortFunc(all, func(x, y *Broken) int {
		return cmp.Or(results.CompareNatural(info(x.Test).ID, info(y.Test).ID), results.CompareNatural(x.Test, y.Test),
			x.Outcome.Rank()-y.Outcome.Rank(), strings.Compare(string(x.Verdict), string(y.Verdict)))
	})
	out := make([]Broken, len(all))
	taken := map[string]bool{}
	for i, b := range all {
		what := string(b.Outcome)
		if b.Outcome == outcome.None {
			what = string(b.Verdict)
		}
		b.Name = fileName(cmp.Or(info(b.Test).ID, b.Test) + "-" + what)
		if taken[b.Name] {
			b.Name = fileName(b.Test + "-" + what)
		}
		taken[b.Name] = true
		out[i] = *b
	}
	return out
}

// fileName turns s into a file name.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
}

// Says is the outcome, or the verdict if there is none.
func (b Broken) Says() string { return string(cmp.Or(b.Outcome, outcome.Outcome(b.Verdict))) }
