package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
)

// Trend is the document of "results trend".
type Trend struct {
	Filesystems []string             `json:"filesystems"`
	Tests       string               `json:"tests"` // which were chosen, in words
	Runs        []compare.TrendPoint `json:"runs"`  // oldest first
}

// NewTrend counts the violations and deviations of the last runs that tested the
// same, up to the named one; by default as compare.TrendRuns selects them. Steps
// of other commands and incomplete runs are left out.
func NewTrend(ctx context.Context, s session.Settings, name string, last int) (Trend, error) {
	store, err := s.OpenResults()
	if err != nil {
		return Trend{}, err
	}
	defer func() { _ = store.Close() }() // only read from
	all, err := store.Runs(ctx)
	if err != nil {
		return Trend{}, err
	}
	runs, _ := compare.TrendRuns(all, last)
	if name != "" || len(runs) == 0 {
		end, err := store.Run(ctx, cmp.Or(name, "latest"))
		if err != nil {
			return Trend{}, err
		}
		i := slices.IndexFunc(all, func(r results.RunSummary) bool { return r.ID == end.ID })
		if i < 0 {
			return Trend{}, fmt.Errorf("run %s was removed", end.ID)
		}
		runs, _ = compare.TrendUpTo(all[i], all, last)
	}
	if err := store.Count(ctx, runs); err != nil {
		return Trend{}, err
	}
	of := runs[len(runs)-1].Selected
	t := Trend{Filesystems: append([]string{}, of.Filesystems...), Tests: of.Tests}
	t.Runs, err = compare.Trend(runs, compare.ReadChange(func(run string) ([]results.Cell, error) { return store.Cells(ctx, run) }))
	return t, err
}

// Selected is what the runs of the trend tested.
func (t Trend) Selected() results.Selected {
	return results.Selected{Filesystems: t.Filesystems, Tests: t.Tests}
}
