package web

import (
	"context"
	"fmt"
	"net/http"

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
	TooLarge int `json:"too_large"` // runs that are not compared because they are read by tests
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
		var steady history.Steadiness
		doc, fails := Flaky{}, s.cfg.Judge.Fails()
		for _, run := range runs {
			if steady.Runs() == history.Depth {
				break
			}
			if s.paged(run) {
				doc.TooLarge++
			}
			if s.paged(run) || run.Finished.IsZero() {
				continue
			}
			// One policy for all, or runs under different ones would appear to differ.
			if p == "" {
				p = run.Policy
			}
			_, cells, err := s.read(ctx, run, p, nil)
			if err != nil {
				return nil, err
			}
			steady.Add(cells, fails)
		}
		doc.FlakyCells = page.NewFlakyCells(&steady, limit)
		return doc, nil
	})
}
