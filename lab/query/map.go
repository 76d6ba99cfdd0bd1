package query

import (
	"context"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// KernelMap is the map of the named runs, or of the latest, and the run that each
// of its cells is from.
func KernelMap(ctx context.Context, s session.Settings, names []string, policy string, pick func(results.Cell) bool) (history.KernelMap, map[results.CellKey]string, error) {
	store, err := s.OpenResults()
	if err != nil {
		return history.KernelMap{}, nil, err
	}
	defer func() { _ = store.Close() }() // only read from
	if len(names) == 0 {
		names = []string{""}
	}
	var cells history.MapCells
	for _, name := range names {
		run, err := s.ReadJudged(ctx, store, name, policy)
		if err != nil {
			return history.KernelMap{}, nil, err
		}
		cells.Add(run.ID, run.Cells, func(c *results.Cell) bool { return pick(*c) })
	}
	return cells.Map(), cells.From, nil
}
