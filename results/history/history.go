// Package history evaluates earlier runs: a cell's past results, how often it
// failed (Rate), flaky cells (Steadiness), and which kernel changed a result
// (KernelMap). It reads runs through the interface Store and contains no SQL.
package history

import (
	"context"
	"slices"

	"github.com/splicelab/splicelab/results"
)

// Store is the read access to stored runs: *store.Store implements it.
type Store interface {
	// Run returns the run that ref names.
	Run(ctx context.Context, ref string) (results.Run, error)
	// RunsUpTo returns the runs that are no steps (see results.Origin.Step),
	// newest first, up to and including the given one unless that is nil.
	RunsUpTo(ctx context.Context, last *results.Run) ([]results.Run, error)
	// Kernels returns the releases that a run has cells of, oldest first.
	Kernels(ctx context.Context, runID string) ([]results.Kernel, error)
	// NewestKernels returns the releases that have a verdict in some run, oldest
	// first; NewestOf the newest cells of one of them, and their runs.
	NewestKernels(ctx context.Context) ([]results.Kernel, error)
	NewestOf(ctx context.Context, kernel string) ([]results.Cell, []results.Run, error)
	Cell(ctx context.Context, runID string, key results.CellKey) (c results.Cell, ok bool, err error)
	// CellsAmong returns those cells of a run that are keys of wanted.
	CellsAmong(ctx context.Context, runID string, wanted map[results.CellKey]int) ([]results.Cell, error)
}

// Past is the result of a cell in one run.
type Past struct {
	Run  results.Run
	Cell results.Cell
}

// Of returns a cell's results in the newest runs that have it, newest first: up
// to the run upTo unless that is nil, and at most limit of them (0: all).
func Of(ctx context.Context, s Store, key results.CellKey, upTo *results.Run, limit int) ([]Past, error) {
	return walk(ctx, s, key, upTo, limit, func(context.Context, string) ([]string, error) { return []string{key.Kernel}, nil })
}

// OfSeries is Of for all kernels of the cell's series and flavour, in each run the
// newest kernel first. limit counts cells.
func OfSeries(ctx context.Context, s Store, key results.CellKey, upTo *results.Run, limit int) ([]Past, error) {
	all, err := s.NewestKernels(ctx)
	if err != nil {
		return nil, err
	}
	of := results.KernelOf(key.Kernel)
	if i := slices.IndexFunc(all, func(k results.Kernel) bool { return k.Name == key.Kernel }); i >= 0 {
		of = all[i] // its name may not tell its architecture
	}
	return walk(ctx, s, key, upTo, limit, func(ctx context.Context, run string) ([]string, error) {
		kernels, err := s.Kernels(ctx, run)
		kernels = slices.DeleteFunc(kernels, func(k results.Kernel) bool { return k.Series() != of.Series() || !k.SameFlavour(of) })
		slices.Reverse(kernels)
		return results.ReleaseNames(kernels), err
	})
}

func walk(ctx context.Context, s Store, key results.CellKey, upTo *results.Run, limit int, kernels func(ctx context.Context, run string) ([]string, error)) ([]Past, error) {
	runs, err := s.RunsUpTo(ctx, upTo)
	if err != nil {
		return nil, err
	}
	var all []Past
	for _, r := range runs {
		of, err := kernels(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, k := range of {
			c, ok, err := s.Cell(ctx, r.ID, results.CellKey{Kernel: k, FS: key.FS, Test: key.Test})
			if err != nil {
				return nil, err
			}
			// Builds for two architectures may have a release in common: it is the
			// one that ran last.
			if ok && (len(all) == 0 || c.Release().SameFlavour(all[0].Cell.Release())) {
				all = append(all, Past{r, c})
			}
			if limit > 0 && len(all) == limit {
				return all, nil
			}
		}
	}
	return all, nil
}

// FindCell finds the newest run that has a cell of that filesystem and test on
// a kernel that key.Kernel matches (see kernelversion.Release.Is), and returns the
// cell's key. If that run has several such kernels, an exact match is preferred,
// then the newest. @FLAVOUR after the kernel considers only that flavour; without
// it, runs are searched for this host's default flavour first. ok is false if there
// is no such run.
func FindCell(ctx context.Context, s Store, key results.CellKey) (found results.CellKey, ok bool, err error) {
	runs, err := s.RunsUpTo(ctx, nil)
	if err != nil {
		return results.CellKey{}, false, err
	}
	_, flavour := results.CutFlavour(key.Kernel)
	for _, usual := range []bool{true, false} {
		for _, r := range runs {
			kernels, err := s.Kernels(ctx, r.ID)
			if err != nil {
				return results.CellKey{}, false, err
			}
			for _, k := range matches(kernels, key.Kernel, nil) {
				if flavour == "" && k.Name != key.Kernel && k.Usual() != usual {
					continue
				}
				c, ok, err := s.Cell(ctx, r.ID, results.CellKey{Kernel: k.Name, FS: key.FS, Test: key.Test})
				if err != nil || ok {
					return c.CellKey, ok, err
				}
			}
		}
	}
	return results.CellKey{}, false, nil
}

// Depth is how many runs of history are used by default: enough for one failure to
// stand out, and few enough that a fixed bug is forgotten after a month of nightly
// runs.
const Depth = 20

// Rates returns, for each cell, how many attempts failed in the newest runs up
// to upTo that have it, at most depth runs. A cell without attempts that count
// is not in the map. Later runs must not count: a persistent failure would
// explain itself (see Regressed).
func Rates(ctx context.Context, s Store, keys []results.CellKey, upTo results.Run, depth int, shown func([]results.Cell) []results.Cell, fails Judgement) (map[results.CellKey]Rate, error) {
	runs, err := s.RunsUpTo(ctx, &upTo)
	if err != nil {
		return nil, err
	}
	rates := make(map[results.CellKey]Rate, len(keys))
	left := make(map[results.CellKey]int, len(keys)) // runs still to be read
	of := make(map[results.CellKey]results.Kernel)   // see walk
	for _, k := range keys {
		left[k] = depth
	}
	for _, r := range runs {
		if len(left) == 0 {
			break
		}
		cells, err := s.CellsAmong(ctx, r.ID, left)
		if err != nil {
			return nil, err
		}
		cells = shown(cells)
		for i := range cells {
			c := &cells[i]
			rate := RateOf(c, fails)
			if rate.Attempts == 0 {
				continue
			}
			if k, known := of[c.CellKey]; !known {
				of[c.CellKey] = c.Release()
			} else if !k.SameFlavour(c.Release()) {
				continue
			}
			rates[c.CellKey] = rates[c.CellKey].Plus(rate)
			if left[c.CellKey]--; left[c.CellKey] == 0 {
				delete(left, c.CellKey)
			}
		}
	}
	return rates, nil
}
