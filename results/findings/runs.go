package findings

import (
	"fmt"
	"maps"

	"github.com/splicelab/splicelab/results"
)

// Runs are runs whose findings are described together. The zero value has none.
type Runs struct {
	Runs  []results.Run
	Cells []results.Cell // of a cell that several runs have, the one that was added first
	// Used counts the cells that are from each run.
	Used []int

	kernels map[string]results.Kernel
	from    map[results.CellKey]int // index in Runs; nil: there is one
}

// Add adds the cells of a run, which keeps them. It fails if a kernel's release is
// that of another flavour's kernel in an earlier run: cells are found by release,
// and those of both would be taken for one kernel's.
func (r *Runs) Add(run results.Run, cells []results.Cell) error {
	if r.has(run.ID) {
		return nil
	}
	kernels := map[string]results.Kernel{}
	for _, k := range results.Releases(cells) {
		if other, known := r.kernels[k.Name]; known && !other.SameFlavour(k) {
			return fmt.Errorf("run %s has %s with %s, an earlier one with %s: name one of these runs", run.ID, k.Name, k.Comparable().Words(), other.Comparable().Words())
		}
		kernels[k.Name] = k
	}
	at := len(r.Runs)
	r.Runs = append(r.Runs, run)
	if at == 0 {
		r.Cells, r.Used, r.kernels = cells, []int{len(cells)}, kernels
		return nil
	}
	if r.from == nil {
		r.from = make(map[results.CellKey]int, len(r.Cells)+len(cells))
		for i := range r.Cells {
			r.from[r.Cells[i].CellKey] = 0
		}
	}
	before := len(r.Cells)
	for i := range cells {
		if _, known := r.from[cells[i].CellKey]; !known {
			r.from[cells[i].CellKey] = at
			r.Cells = append(r.Cells, cells[i])
		}
	}
	r.Used = append(r.Used, len(r.Cells)-before)
	maps.Copy(r.kernels, kernels)
	return nil
}

func (r *Runs) has(id string) bool {
	for i := range r.Runs {
		if r.Runs[i].ID == id {
			return true
		}
	}
	return false
}

// Of is the run that a cell is from.
func (r *Runs) Of(key results.CellKey) results.Run { return r.Runs[r.from[key]] }
