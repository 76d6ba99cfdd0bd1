package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
)

// Searches are the bisections, the one that changed last first.
type Searches struct {
	Searches []page.Search `json:"searches"`
}

// searches serves the bisections. Their journals are files that change without
// the store: only clients can tell by the document that they have not.
func (s *Server) searches(w http.ResponseWriter, r *http.Request) error {
	doc := Searches{Searches: []page.Search{}}
	if s.cfg.Searches != nil {
		all, err := s.cfg.Searches()
		if err != nil {
			return err
		}
		for _, one := range all {
			doc.Searches = append(doc.Searches, one.Safe())
		}
	}
	return s.document(w, r, "searches", fmt.Sprint(s.now().UnixNano()), func(context.Context) (any, error) { return doc, nil })
}

// Flaky are the cells whose results differ between the newest runs.
type Flaky struct {
	page.FlakyCells
	TooLarge int `json:"too_large"` // newest runs that are not compared, because all of them have too many cells
}

// Bounds of the cells in one document.
const (
	someFlaky = 100 // by default
	maxFlaky  = 5000
)

// flaky serves the cells whose results differ between runs.
func (s *Server) flaky(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := number(q, "limit", someFlaky, maxFlaky)
	if err != nil {
		return err
	}
	p, err := policy(q.Get("policy"))
	if err != nil {
		return err
	}
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	return s.document(w, r, fmt.Sprint("flaky ", limit, " ", p), stamp, func(ctx context.Context) (any, error) {
		runs, err := s.cfg.Store.RunsUpTo(ctx, nil)
		if err != nil {
			return nil, err
		}
		runs = slices.DeleteFunc(runs, func(r results.Run) bool { return r.Finished.IsZero() })
		runs = runs[:min(len(runs), history.Depth)]
		some := s.within(runs)
		// One policy for all, or runs under different ones would appear to differ.
		if p == "" && len(some) > 0 {
			p = some[0].Policy
		}
		steady, err := history.CompareRuns(ctx, s.cfg.Store, some, p, s.cfg.Judge.Fails())
		if err != nil {
			return nil, err
		}
		return Flaky{FlakyCells: page.NewFlakyCells(steady, limit), TooLarge: len(runs) - len(some)}, nil
	})
}

// within returns the runs that can be compared in the time of a request: the newest
// ones, and of older ones those that are small enough.
func (s *Server) within(runs []results.Run) []results.Run {
	var some []results.Run
	left := s.limits.flakyCells
	for _, r := range runs {
		if r.Planned <= left {
			some, left = append(some, r), left-r.Planned
		}
	}
	return some
}
