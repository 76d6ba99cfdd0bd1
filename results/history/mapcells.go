package history

import "github.com/splicelab/splicelab/results"

// MapCells collects the cells of a map from several runs: of a cell that several
// have, the one that was added first. The zero value is empty.
type MapCells struct {
	cells []results.Cell
	// From has the run that each cell is from.
	From map[results.CellKey]string
}

// Add adds those of a run's cells that are wanted.
func (m *MapCells) Add(run string, cells []results.Cell, wanted func(*results.Cell) bool) {
	if m.From == nil {
		m.From = map[results.CellKey]string{}
	}
	for i := range cells {
		c := &cells[i]
		if _, known := m.From[c.CellKey]; !known && wanted(c) {
			m.From[c.CellKey] = run
			// What a map does not show would take gigabytes of a large run.
			m.cells = append(m.cells, results.Cell{Attempt: results.Attempt{CellKey: c.CellKey, Version: c.Version, Platform: c.Platform, Verdict: c.Verdict, Outcome: c.Outcome, Kind: c.Kind}})
		}
	}
}

// Len is the number of collected cells.
func (m *MapCells) Len() int { return len(m.cells) }

// Map arranges the collected cells, with a column for each of their kernels.
func (m *MapCells) Map() KernelMap {
	var columns []MapKernel
	for _, r := range results.Releases(m.cells) {
		columns = append(columns, MapKernel{Release: r.Name, Series: r.Series()})
	}
	return NewKernelMap(columns, m.cells)
}
