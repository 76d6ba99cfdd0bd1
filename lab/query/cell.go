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

// FindCell finds the cell in the named run, or in the newest that has it.
func FindCell(ctx context.Context, store *store.Store, key results.CellKey, name string) (results.Run, results.Cell, error) {
	var runs []results.Run
	if name != "" {
		run, err := store.Run(ctx, name)
		if err != nil {
			return results.Run{}, results.Cell{}, err
		}
		runs = append(runs, run)
	} else {
		all, err := store.Runs(ctx)
		if err != nil {
			return results.Run{}, results.Cell{}, err
		}
		for _, r := range all {
			runs = append(runs, r.Run)
		}
	}
	for _, run := range runs {
		cells, err := store.Cells(ctx, run.ID)
		if err != nil {
			return results.Run{}, results.Cell{}, err
		}
		var found []results.Cell
		for _, c := range cells {
			if c.FS == key.FS && c.Test == key.Test && strings.HasPrefix(c.Kernel, key.Kernel) {
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
