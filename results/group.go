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
	for _, col := range Columns(cells) {
		groups = append(groups, Group{Kernel: col.Kernel, FS: col.FS, Cells: byColumn[col]})
	}
	return groups
}
