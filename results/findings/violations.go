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
	Kernels     []string `json:"kernels"` // oldest first
	Filesystems []string `json:"filesystems"`
	// Since is the oldest kernel of the run that has it, and Before the newest
	// older one that ran a same cell without it. Before is empty if there is
	// none: the run does not tell since when.
	Since  string `json:"since"`
	Before string `json:"before"`
	// Command reproduces Example, the first of the newest kernel's cells.
	Command string          `json:"command"`
	Example results.CellKey `json:"example"`
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
	held := holding(cells)
	all := make([]Violation, 0, len(groups))
	for _, k := range slices.SortedFunc(maps.Keys(groups), func(a, b key) int {
		return cmp.Or(results.CompareNatural(a.test, b.test), strings.Compare(a.title, b.title), strings.Compare(string(a.verdict), string(b.verdict)))
	}) {
		all = append(all, newViolation(r, k.test, k.title, groups[k], held))
	}
	slices.SortStableFunc(all, func(a, b Violation) int {
		return cmp.Or(compareBool(a.Expected == a.Cells, b.Expected == b.Cells), b.Cells-a.Cells)
	})
	return all
}

func newViolation(r results.Run, test, title string, cells []*results.Cell, held map[column][]*results.Cell) Violation {
	v := Violation{Test: test, Title: title, Verdict: cells[0].Verdict, Outcome: cells[0].Outcome, Cells: len(cells)}
	ordered := slices.Clone(cells)
	slices.SortFunc(ordered, results.CompareCells)
	filesystems := map[string]bool{}
	for _, c := range ordered {
		if c.Expected == results.XFail {
			v.Expected++
		}
		if !slices.Contains(v.Kernels, c.Kernel) {
			v.Kernels = append(v.Kernels, c.Kernel)
		}
		filesystems[c.FS] = true
	}
	v.Filesystems = slices.SortedFunc(maps.Keys(filesystems), results.CompareNatural)
	oldest := ordered[0]
	v.Since = oldest.Kernel
	var before *results.Cell
	for _, c := range ordered {
		for _, h := range held[column{c.FS, c.Test}] {
			older := h.Release().Compare(oldest.Release()) < 0
			if older && (before == nil || h.Release().Compare(before.Release()) > 0) {
				before = h
			}
		}
	}
	if before != nil {
		v.Before = before.Kernel
	}
	newest := v.Kernels[len(v.Kernels)-1]
	example := ordered[slices.IndexFunc(ordered, func(c *results.Cell) bool { return c.Kernel == newest })]
	v.Example, v.Command = example.CellKey, results.RepeatCommand(r, example.CellKey)
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
