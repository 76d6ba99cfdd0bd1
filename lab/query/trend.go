package query

import (
	"context"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
)

// Trend is the document of "results trend".
type Trend struct {
	Filesystems []string             `json:"filesystems"`
	Tests       string               `json:"tests"` // which were chosen, in words
	Runs        []compare.TrendPoint `json:"runs"`  // oldest first
}

// NewTrend counts the violations and deviations of the last runs up to the named
// one that tested the same. Steps of other commands and unfinished runs are left
// out.
func NewTrend(ctx context.Context, s session.Settings, name string, last int) (Trend, error) {
	store, err := s.OpenResults()
	if err != nil {
		return Trend{}, err
	}
	defer func() { _ = store.Close() }() // only read from
	if name == "" {
		name = "latest"
	}
	end, err := store.Run(ctx, name)
	if err != nil {
		return Trend{}, err
	}
	stored, err := store.Runs(ctx)
	if err != nil {
		return Trend{}, err
	}
	runs := []results.Run{end}
	for _, r := range stored {
		if !r.Origin.Step() && !r.Pending && (r.Started.Before(end.Started) || r.Started.Equal(end.Started) && r.ID < end.ID) {
			runs = append(runs, r.Run)
		}
	}
	t := Trend{Filesystems: append([]string{}, end.Selected.Filesystems...), Tests: end.Selected.Tests}
	t.Runs, err = compare.Trend(compare.Comparable(runs, last), func(r results.Run) ([]results.Cell, error) {
		cells, err := store.Cells(ctx, r.ID)
		return results.Show(cells, outcome.DefaultPolicy), err
	})
	return t, err
}

// Selected is what the runs of the trend tested.
func (t Trend) Selected() results.Selected {
	return results.Selected{Filesystems: t.Filesystems, Tests: t.Tests}
}
