package query

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// ParseCell parses KERNEL/FILESYSTEM/TEST. The name of a YAML file or an existing
// file is not a cell.
func ParseCell(text string) (results.CellKey, bool) {
	if strings.HasSuffix(text, ".yaml") || strings.HasSuffix(text, ".yml") {
		return results.CellKey{}, false
	}
	if _, err := os.Stat(text); err == nil {
		return results.CellKey{}, false
	}
	parts := strings.SplitN(text, "/", 3)
	if len(parts) != 3 || slices.Contains(parts, "") {
		return results.CellKey{}, false
	}
	return results.CellKey{Kernel: parts[0], FS: parts[1], Test: parts[2]}, true
}

// FindCell finds the cell in the named run, or in the newest that has it. Its kernel
// may be the beginning of a release, with @FLAVOUR: see results.OfFlavour. Steps of
// other commands are looked into last: a cell that only a bisection saw is one, too.
func FindCell(ctx context.Context, store *store.Store, key results.CellKey, name string) (results.Run, results.Cell, error) {
	var runs []results.Run
	var err error
	if name != "" {
		runs = make([]results.Run, 1)
		runs[0], err = store.Run(ctx, name)
	} else {
		runs, err = stepsLast(ctx, store)
	}
	if err != nil {
		return results.Run{}, results.Cell{}, err
	}
	for _, run := range runs {
		kernels, err := store.Kernels(ctx, run.ID)
		if err != nil {
			return results.Run{}, results.Cell{}, err
		}
		var found []results.Cell
		bare, flavour := results.CutFlavour(key.Kernel)
		kernels = slices.DeleteFunc(kernels, func(k results.Kernel) bool { return !strings.HasPrefix(k.Name, bare) })
		for _, k := range results.OfFlavour(kernels, flavour) {
			c, ok, err := store.Cell(ctx, run.ID, results.CellKey{Kernel: k.Name, FS: key.FS, Test: key.Test})
			if err != nil {
				return results.Run{}, results.Cell{}, err
			}
			if ok {
				found = append(found, c)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return run, found[0], nil
		}
		return run, results.Cell{}, input.Errorf("%s is a prefix of %d kernels in run %s: name one, for example %s/%s/%s",
			key.Kernel, len(found), run.ID, found[0].Kernel, key.FS, key.Test)
	}
	where := "no stored run has"
	if name != "" {
		where = "run " + name + " does not have"
	}
	return results.Run{}, results.Cell{}, input.Errorf("%s the cell %s/%s/%s; splicelab results show lists cells", where, key.Kernel, key.FS, key.Test)
}

// stepsLast are all runs, newest first, and then those that are steps.
func stepsLast(ctx context.Context, store *store.Store) ([]results.Run, error) {
	all, err := store.Runs(ctx)
	var runs, steps []results.Run
	for _, r := range all {
		if r.Origin.Step() {
			steps = append(steps, r.Run)
		} else {
			runs = append(runs, r.Run)
		}
	}
	return append(runs, steps...), err
}
