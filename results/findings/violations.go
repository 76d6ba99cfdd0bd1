package findings

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Violation is what every policy forbids, seen in one or more cells: the same
// test with the same title. It is what a reader has to see first.
type Violation struct {
	Test    string          `json:"test"`  // suite.TestName, without subtests
	Title   string          `json:"title"` // the outcome, a crash's title, or what the test reported
	Verdict outcome.Verdict `json:"verdict"`
	Outcome outcome.Outcome `json:"outcome"` // empty: none was recorded
	Cells   int             `json:"cells"`
	// Expected counts those of the cells that fail as the user expects (XFAIL).
	Expected    int      `json:"expected"`
	Kernels     []string `json:"kernels"` // those of a flavour together, oldest first
	Filesystems []string `json:"filesystems"`
	// Since and Before are those of the first of Flavours.
	Since  string `json:"since"`
	Before string `json:"before"`
	// Flavours has an entry for each flavour of kernels that has it, in the order
	// of Kernels.
	Flavours []Beginning `json:"flavours"`
	// Command reproduces Example, the first of the newest kernel's cells.
	Command string          `json:"command"`
	Example results.CellKey `json:"example"`
}

// Beginning is where a violation begins on the kernels of one flavour.
type Beginning struct {
	Flavour string `json:"flavour"` // or the architecture; empty: unknown
	// Since is the oldest kernel of the run that has it, and Before the newest
	// older one that ran a same cell without it. Before is empty if there is
	// none: the run does not tell since when.
	Since  string `json:"since"`
	Before string `json:"before"`
}

// What names a violation in one line: its verdict, its title as written by the
// format, and how many of its cells fail as expected.
func (v Violation) What(write func(title string) string) string {
	what := string(v.Verdict)
	if v.Title != what {
		what += " " + write(v.Title)
	}
	switch v.Expected {
	case 0:
	case v.Cells:
		what += ", expected"
	default:
		what += fmt.Sprintf(", %d of them expected", v.Expected)
	}
	return what
}

// Violations groups the violations of a run by test and title, those with
// unexpected cells first, then the most frequent ones. XFAIL cells are included.
func Violations(r results.Run, cells []results.Cell) []Violation {
	type key struct {
		test, title string
		verdict     outcome.Verdict
	}
	groups := map[key][]*results.Cell{}
	for i := range cells {
		if c := &cells[i]; c.Class() == outcome.Violates {
			k := key{topLevel(c.Test), title(c), c.Verdict}
			groups[k] = append(groups[k], c)
		}
	}
	held, kernels := holding(cells), orderOf(cells)
	all := make([]Violation, 0, len(groups))
	for _, k := range slices.SortedFunc(maps.Keys(groups), func(a, b key) int {
		return cmp.Or(results.CompareNatural(a.test, b.test), strings.Compare(a.title, b.title), strings.Compare(string(a.verdict), string(b.verdict)))
	}) {
		all = append(all, newViolation(r, k.test, k.title, groups[k], held, kernels))
	}
	slices.SortStableFunc(all, func(a, b Violation) int {
		return cmp.Or(compareBool(a.Expected == a.Cells, b.Expected == b.Cells), b.Cells-a.Cells)
	})
	return all
}

func newViolation(r results.Run, test, title string, cells []*results.Cell, held map[column][]*results.Cell, kernels order) Violation {
	v := Violation{Test: test, Title: title, Verdict: cells[0].Verdict, Outcome: cells[0].Outcome, Cells: len(cells)}
	ordered := slices.Clone(cells)
	slices.SortFunc(ordered, kernels.compare)
	filesystems := map[string]bool{}
	var example *results.Cell // the first of the newest kernel's
	for _, c := range ordered {
		if example == nil || c.Kernel != example.Kernel {
			example = c
		}
		if c.Expected == results.XFail {
			v.Expected++
		}
		if !slices.Contains(v.Kernels, c.Kernel) {
			v.Kernels = append(v.Kernels, c.Kernel)
		}
		filesystems[c.FS] = true
	}
	v.Filesystems = slices.SortedFunc(maps.Keys(filesystems), results.CompareNatural)
	v.Example, v.Command = example.CellKey, results.RepeatCommand(r, example.CellKey)
	// The user's own kernels are between Debian's.
	slices.SortStableFunc(ordered, func(a, b *results.Cell) int { return kernels.flavour[a.Kernel] - kernels.flavour[b.Kernel] })
	for len(ordered) > 0 {
		in := kernels.flavour[ordered[0].Kernel]
		n := slices.IndexFunc(ordered, func(c *results.Cell) bool { return kernels.flavour[c.Kernel] != in })
		if n < 0 {
			n = len(ordered)
		}
		v.Flavours = append(v.Flavours, kernels.begins(ordered[:n], held))
		ordered = ordered[n:]
	}
	v.Since, v.Before = v.Flavours[0].Since, v.Flavours[0].Before
	return v
}

type column struct{ fs, test string }

// holding are the cells with a verdict on the kernel that is no violation.
func holding(cells []results.Cell) map[column][]*results.Cell {
	held := map[column][]*results.Cell{}
	for i := range cells {
		c := &cells[i]
		if class := c.Class(); class == outcome.Passes || class == outcome.Deviates {
			held[column{c.FS, c.Test}] = append(held[column{c.FS, c.Test}], c)
		}
	}
	return held
}

// title is the short text that cells with the same violation share.
func title(c *results.Cell) string {
	if c.Verdict == outcome.Fail && c.Outcome != outcome.None {
		return string(c.Outcome)
	}
	return cmp.Or(c.Detail, string(c.Verdict))
}

func topLevel(test string) string {
	top, _, _ := strings.Cut(test, "/")
	return top
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
