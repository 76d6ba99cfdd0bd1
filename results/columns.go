package results

// Group is the cells of one kernel × filesystem.
type Group struct {
	Kernel, FS string
	Cells      []*Cell
}

// Groups splits cells by kernel and filesystem. The groups are in the order of
// reports, the cells of each in the order given.
func Groups(cells []Cell) []Group {
	byColumn := grouped(cells)
	groups := make([]Group, 0, len(byColumn))
	for _, col := range columns(cells) {
		groups = append(groups, Group{Kernel: col.kernel, FS: col.fs, Cells: byColumn[col]})
	}
	return groups
}

// What says in words what the cell came to: its verdict, the outcome if it has
// one, and how flaky it is. It is not cleaned.
func (c *Cell) What() string { return c.what() }

// Bounded cleans s as Clean does and keeps at most limit bytes of it, its head
// and its tail, with a note between them that counts what was left out. A limit
// below 64 has no room for the note.
func Bounded(s string, limit int) string { return bounded(s, limit) }
