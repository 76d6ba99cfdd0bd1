package history

import (
	_ "embed" // the page
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// KernelMap is the history of outcomes: a row for each test on each
// filesystem, a column for each kernel, oldest first.
type KernelMap struct {
	Kernels []MapKernel
	Rows    []MapRow
}

// MapKernel is a column.
type MapKernel struct {
	Release, Series string
}

// MapRow is one test on one filesystem.
type MapRow struct {
	Test, FS string
	Cells    []*results.Cell // by kernel; nil where there is no verdict
	// Changes are where the result changes.
	Changes []MapChange
}

// MapChange is where the result of a row changes, from a kernel with a verdict to
// the next such kernel. Skips do not count.
type MapChange struct {
	From, To int // columns
	Old, New string
}

// NewKernelMap arranges cells by kernels, which are in order. Control cells, the
// same everywhere by construction, are omitted.
func NewKernelMap(kernels []MapKernel, cells []results.Cell) KernelMap {
	m := KernelMap{Kernels: kernels}
	place := map[string]int{}
	for i, k := range kernels {
		place[k.Release] = i
	}
	rows := map[[2]string]*MapRow{}
	for i := range cells {
		c := &cells[i]
		at, known := place[c.Kernel]
		if !known || c.Verdict == outcome.Infra || strings.Contains(c.Test, ".TestControl/") {
			continue
		}
		key := [2]string{c.Test, c.FS}
		if rows[key] == nil {
			rows[key] = &MapRow{Test: c.Test, FS: c.FS, Cells: make([]*results.Cell, len(kernels))}
		}
		rows[key].Cells[at] = c
	}
	for _, r := range rows {
		last := -1
		for i, c := range r.Cells {
			if c == nil || c.Verdict == outcome.Skip {
				continue
			}
			if last >= 0 && Shown(r.Cells[last]) != Shown(c) {
				r.Changes = append(r.Changes, MapChange{From: last, To: i, Old: Shown(r.Cells[last]), New: Shown(c)})
			}
			last = i
		}
		m.Rows = append(m.Rows, *r)
	}
	slices.SortFunc(m.Rows, func(a, b MapRow) int {
		if c := results.CompareNatural(a.Test, b.Test); c != 0 {
			return c
		}
		return strings.Compare(a.FS, b.FS)
	})
	return m
}

// Shown is the outcome of a cell, or its verdict if it has no outcome.
func Shown(c *results.Cell) string {
	if (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) && c.Outcome != outcome.None {
		return string(c.Outcome)
	}
	return string(c.Verdict)
}

// Letter is Shown as one character.
func Letter(c *results.Cell) string {
	if c == nil {
		return " "
	}
	if (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) && c.Outcome != outcome.None {
		return c.Outcome.Letter()
	}
	return results.VerdictMark(c.Verdict)[:1]
}
