package results

import "github.com/splicelab/splicelab/outcome"

// column is one kernel × filesystem: a column of the matrix, a suite of the
// report formats.
type column struct {
	kernel, fs string
}

// columns lists the distinct columns of cells in the order of reports.
func columns(cells []Cell) []column {
	var cols []column
	seen := make(map[column]bool)
	byKernel := make(map[string][]Cell)
	for i := range cells {
		col := column{cells[i].Kernel, cells[i].FS}
		if !seen[col] {
			seen[col] = true
			byKernel[col.kernel] = append(byKernel[col.kernel], cells[i])
		}
	}
	for _, k := range distinct(cells, func(c *Cell) string { return c.Kernel }, compareReleases) {
		for _, fs := range distinct(byKernel[k], func(c *Cell) string { return c.FS }, compareNatural) {
			cols = append(cols, column{k, fs})
		}
	}
	return cols
}

// grouped returns the cells of each column, in the order given.
func grouped(cells []Cell) map[column][]*Cell {
	m := make(map[column][]*Cell)
	for i := range cells {
		c := &cells[i]
		m[column{c.Kernel, c.FS}] = append(m[column{c.Kernel, c.FS}], c)
	}
	return m
}

// what says in words what a cell came to: its verdict, the outcome if it has
// one, and how flaky it is.
func (c *Cell) what() string {
	s := string(c.Verdict)
	if c.Outcome != outcome.None {
		s += " (" + string(c.Outcome) + ")"
	}
	if c.Flaky != "" {
		s += ", flaky " + c.Flaky
	}
	return s
}
