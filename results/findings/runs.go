package findings

import (
	"fmt"
	"maps"
	"slices"

	"github.com/splicelab/splicelab/results"
)

// Runs are runs whose findings are described together. The zero value has none.
type Runs struct {
	Runs  []results.Run
	Cells []results.Cell // of a cell that several runs have, the one that was added first
	// Used counts the cells that are from each run.
	Used []int

	kernels map[string]results.Kernel // by release
	first   map[string]int            // by release, the first run that has the kernel
	// Of kernels that several runs have, known are the cells, and later those that
	// the first of these runs does not have. Most kernels have one run: a key for
	// each cell of large runs would take gigabytes.
	known map[string]map[column]bool
	later map[results.CellKey]int
}

// Add adds the cells of a run and keeps them. It fails if a kernel's release is
// that of another flavour's kernel in an earlier run: cells are found by release,
// and those of both would be taken for one kernel's.
func (r *Runs) Add(run results.Run, cells []results.Cell) error {
	if slices.ContainsFunc(r.Runs, func(o results.Run) bool { return o.ID == run.ID }) {
		return nil
	}
	added := results.Releases(cells)
	for _, k := range added {
		if other, ok := r.kernels[k.Name]; ok && !other.SameFlavour(k) {
			return fmt.Errorf("run %s has %s with %s, an earlier one with %s: name one of these runs", run.ID, k.Name, k.Comparable().Words(), other.Comparable().Words())
		}
	}
	at := len(r.Runs)
	r.Runs = append(r.Runs, run)
	if at == 0 {
		r.kernels, r.first = map[string]results.Kernel{}, map[string]int{}
		r.known, r.later = map[string]map[column]bool{}, map[results.CellKey]int{}
	}
	r.share(added)
	for _, k := range added {
		if _, ok := r.kernels[k.Name]; !ok {
			r.kernels[k.Name], r.first[k.Name] = k, at
		}
	}
	if at == 0 {
		r.Cells, r.Used = slices.Clip(cells), []int{len(cells)}
		return nil
	}
	before := len(r.Cells)
	r.Cells = slices.Grow(r.Cells, len(cells))
	for i := range cells {
		c := &cells[i]
		if known := r.known[c.Kernel]; known != nil {
			if known[column{c.FS, c.Test}] {
				continue
			}
			known[column{c.FS, c.Test}] = true
			r.later[c.CellKey] = at
		}
		r.Cells = append(r.Cells, *c)
	}
	r.Used = append(r.Used, len(r.Cells)-before)
	return nil
}

// share lists the cells of those of the added kernels that only one run has had so
// far.
func (r *Runs) share(added []results.Kernel) {
	shared := map[string]map[column]bool{}
	for _, k := range added {
		if _, ok := r.kernels[k.Name]; ok && r.known[k.Name] == nil {
			shared[k.Name] = map[column]bool{}
		}
	}
	if len(shared) == 0 {
		return
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		if known := shared[c.Kernel]; known != nil {
			known[column{c.FS, c.Test}] = true
		}
	}
	maps.Copy(r.known, shared)
}

// Of is the run that a cell is from.
func (r *Runs) Of(key results.CellKey) results.Run {
	at, ok := r.later[key]
	if !ok {
		at = r.first[key.Kernel]
	}
	return r.Runs[at]
}
