package findings

import (
	"slices"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// State is what one kernel showed of a violation.
type State string

// The states of a kernel in the timeline of a violation.
const (
	// Unseen: the kernel has no verdict on the cells in which others have it.
	Unseen State = ""
	// Holds: such a cell ran, and there was no violation.
	Holds State = "holds"
	// Other: such a cell has a different violation.
	Other State = "other"
	// Violated: a cell has the violation.
	Violated State = "violation"
)

// Timelines returns, for each violation of a run and each of the kernels, what
// that kernel showed in the tests and filesystems in which any kernel has the
// violation.
func Timelines(cells []results.Cell, violations []Violation, kernels []string) [][]State {
	at := make(map[string]int, len(kernels))
	for i, k := range kernels {
		at[k] = i
	}
	type key struct {
		test, title string
		verdict     outcome.Verdict
	}
	index := make(map[key]int, len(violations))
	lines := make([][]State, len(violations))
	for i, v := range violations {
		index[key{v.Test, v.Title, v.Verdict}] = i
		lines[i] = make([]State, len(kernels))
	}
	of := func(c *results.Cell) (int, bool) {
		if c.Class() != outcome.Violates {
			return 0, false
		}
		i, ok := index[key{topLevel(c.Test), title(c), c.Verdict}]
		return i, ok
	}
	where := map[column][]int{} // the violations seen in a column, each once
	for i := range cells {
		if v, ok := of(&cells[i]); ok {
			in := column{cells[i].FS, cells[i].Test}
			if !slices.Contains(where[in], v) {
				where[in] = append(where[in], v)
			}
		}
	}
	rank := map[State]int{Unseen: 0, Holds: 1, Other: 2, Violated: 3}
	for i := range cells {
		c := &cells[i]
		k, known := at[c.Kernel]
		if !known {
			continue
		}
		own, violates := of(c)
		for _, v := range where[column{c.FS, c.Test}] {
			s := Unseen
			switch class := c.Class(); {
			case violates && own == v:
				s = Violated
			case class == outcome.Violates:
				s = Other
			case class == outcome.Passes, class == outcome.Deviates:
				s = Holds
			}
			if rank[s] > rank[lines[v][k]] {
				lines[v][k] = s
			}
		}
	}
	return lines
}
