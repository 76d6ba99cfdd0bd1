package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/page"
)

// Bounds of a trend: to find what is new in a run, it reads the run.
const (
	trendRuns    = 30 // the newest ones, by default
	maxTrendRuns = 100
	// trendCells is the largest run whose changed violations are counted.
	trendCells = 200_000
)

// trends caches what changed between finished runs, by the two runs.
type trends struct {
	mu    sync.Mutex
	known map[[2]string]compare.TrendChange
}

// trend serves how violations and deviations changed over the newest complete
// runs that tested the same.
func (s *Server) trend(w http.ResponseWriter, r *http.Request) error {
	limit, err := number(r.URL.Query(), "limit", trendRuns, maxTrendRuns)
	if err != nil {
		return err
	}
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	return s.document(w, r, fmt.Sprint("trend ", limit), stamp, func(ctx context.Context) (any, error) {
		recent, _, err := s.cfg.Store.Recent(ctx, 0, maxTrendRuns)
		if err != nil {
			return nil, err
		}
		runs, nightly := compare.TrendRuns(recent, limit)
		points, err := compare.Trend(runs, s.trends.remembered(compare.ReadChange(func(run string) ([]results.Cell, error) { return s.cfg.Store.Cells(ctx, run) })))
		if err != nil {
			return nil, err
		}
		return page.NewTrend(points, nightly), nil
	})
}

type changeFunc func(before, after results.RunSummary) (compare.TrendChange, error)

// remembered calls change for pairs of runs that it has not compared yet, unless
// they are too large.
func (t *trends) remembered(change changeFunc) changeFunc {
	return func(before, after results.RunSummary) (compare.TrendChange, error) {
		if max(before.Cells, after.Cells) > trendCells {
			return compare.TrendChange{}, nil
		}
		pair := [2]string{before.ID + " " + before.Finished.String(), after.ID + " " + after.Finished.String()}
		t.mu.Lock()
		c, known := t.known[pair]
		t.mu.Unlock()
		if known {
			return c, nil
		}
		c, err := change(before, after)
		if err != nil {
			return c, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.known == nil {
			t.known = map[[2]string]compare.TrendChange{}
		}
		t.known[pair] = c
		return c, nil
	}
}
