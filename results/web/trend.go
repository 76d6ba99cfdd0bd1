package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

// Bounds of a trend: to find what is new in a run, it reads the run.
const (
	trendRuns    = 30 // the newest ones, by default
	maxTrendRuns = 100
	// trendCells is the largest run whose new violations are counted.
	trendCells = 200_000
)

// trends caches what was new in finished runs, by the two runs.
type trends struct {
	mu    sync.Mutex
	known map[[2]string]freshness
}

type freshness struct{ fresh, compared int }

// trend serves how violations and deviations changed over the newest finished
// runs.
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
		recent, nightly := trendOf(recent, limit)
		var finished []results.RunSummary
		for _, one := range recent {
			if one.Classes == nil {
				if one.Tally, err = s.tallies.of(ctx, s.cfg.Store, one.ID); err != nil {
					return nil, err
				}
			}
			finished = append(finished, one)
		}
		doc := page.Trend{Runs: []page.TrendRun{}, Nightly: nightly}
		last := read{}
		for i, one := range finished {
			var f freshness
			if i > 0 {
				if f, err = s.fresh(ctx, finished[i-1], one, &last); err != nil {
					return nil, err
				}
			}
			one.Run = results.SafeRun(one.Run)
			doc.Runs = append(doc.Runs, page.NewTrendRun(one, f.fresh, f.compared))
		}
		return doc, nil
	})
}

// trendOf selects the runs of a trend, oldest first, from the newest ones:
// nightly ones if there are some, because runs that somebody made by hand in
// between have other cells.
func trendOf(recent []results.RunSummary, limit int) (runs []results.RunSummary, nightly bool) {
	var all, nights []results.RunSummary
	for _, r := range slices.Backward(recent) {
		if r.Finished.IsZero() {
			continue
		}
		all = append(all, r)
		if slices.Contains(r.Command, "nightly") {
			nights = append(nights, r)
		}
	}
	if nightly = len(nights) > 1; nightly {
		all = nights
	}
	return all[max(0, len(all)-limit):], nightly
}

// read is the run that was read last: the next pair of runs begins with it.
type read struct {
	id    string
	cells []results.Cell
}

// fresh returns what is new in a run since the one before.
func (s *Server) fresh(ctx context.Context, before, after results.RunSummary, last *read) (freshness, error) {
	if max(before.Cells, after.Cells) > trendCells {
		return freshness{}, nil
	}
	pair := [2]string{before.ID + " " + before.Finished.String(), after.ID + " " + after.Finished.String()}
	s.trends.mu.Lock()
	f, known := s.trends.known[pair]
	s.trends.mu.Unlock()
	if known {
		return f, nil
	}
	if last.id != before.ID {
		cells, err := s.cfg.Store.Cells(ctx, before.ID)
		if err != nil {
			return f, err
		}
		*last = read{before.ID, cells}
	}
	cells, err := s.cfg.Store.Cells(ctx, after.ID)
	if err != nil {
		return f, err
	}
	f.fresh, f.compared = page.NewlyViolating(last.cells, cells)
	*last = read{after.ID, cells}
	s.trends.mu.Lock()
	defer s.trends.mu.Unlock()
	if s.trends.known == nil {
		s.trends.known = map[[2]string]freshness{}
	}
	s.trends.known[pair] = f
	return f, nil
}
