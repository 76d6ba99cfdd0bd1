package results

import "github.com/splicelab/splicelab/outcome"

// Column is one kernel × filesystem: a column of the matrix, a suite of the
// report formats.
type Column struct {
	Kernel, FS string
}

// Columns lists the distinct columns of cells in the order of reports.
func Columns(cells []Cell) []Column {
	var cols []Column
	seen := make(map[Column]bool)
	byKernel := make(map[string][]Cell)
	for i := range cells {
		col := Column{cells[i].Kernel, cells[i].FS}
		if !seen[col] {
			seen[col] = true
			byKernel[col.Kernel] = append(byKernel[col.Kernel], cells[i])
		}
	}
	for _, k := range ReleaseNames(Releases(cells)) {
		for _, fs := range distinct(byKernel[k], func(c *Cell) string { return c.FS }) {
			cols = append(cols, Column{k, fs})
		}
	}
	return cols
}

// grouped returns the cells of each column, in the order given.
func grouped(cells []Cell) map[Column][]*Cell {
	m := make(map[Column][]*Cell)
	for i := range cells {
		c := &cells[i]
		m[Column{c.Kernel, c.FS}] = append(m[Column{c.Kernel, c.FS}], c)
	}
	return m
}

// What is the cell's result in words: its verdict, the outcome if it has one,
// and how flaky it is. It is not sanitized.
func (c *Cell) What() string {
	s := string(c.Verdict)
	if c.Outcome != outcome.None {
		s += " (" + string(c.Outcome) + ")"
	}
	if c.Flaky != "" {
		s += ", flaky " + c.Flaky
	}
	return s
}
