package web

import (
	"context"
	"net/http"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

// maxHistory is how many runs a cell's history goes back.
const maxHistory = 1000

// cell serves everything about one cell.
func (s *Server) cell(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	key, err := cellKey(q)
	if err != nil {
		return err
	}
	p, err := policy(q.Get("policy"))
	if err != nil {
		return err
	}
	run, stamp, err := s.requested(r)
	if err != nil {
		return err
	}
	return s.document(w, r, "cell "+run.ID+" "+string(p)+" "+key.String(), stamp, func(ctx context.Context) (any, error) {
		attempts, err := s.cfg.Store.Attempts(ctx, run.ID, key)
		if err != nil {
			return nil, err
		}
		if len(attempts) == 0 {
			return nil, &requestError{http.StatusNotFound, "run " + run.ID + " has no cell " + cut(key.String())}
		}
		if p != "" {
			run.Policy = p
		}
		for i := range attempts {
			attempts[i].Verdict = attempts[i].Verdict.Under(run.Policy, attempts[i].Kind, attempts[i].Outcome)
		}
		c := s.cfg.Judge.Judge(run, []results.Cell{results.FromAttempts(attempts)})[0]
		return page.NewCell(ctx, run, c, cellSource{s.cfg.Annotator, s, run.Policy, attempts})
	})
}

// cellSource is the page.Source of one cell, whose attempts have been read.
type cellSource struct {
	page.Annotator
	server   *Server
	policy   outcome.Policy
	attempts []results.Attempt
}

func (c cellSource) Attempts(context.Context, results.CellKey) ([]results.Attempt, error) {
	return c.attempts, nil
}

func (c cellSource) History(ctx context.Context, key results.CellKey) ([]page.Past, error) {
	return c.server.past(ctx, key, c.policy, someRuns)
}

func (c cellSource) Expect(cells []results.Cell, p outcome.Policy) { c.server.expect(cells, p) }

// violations serves what every policy forbids in a run.
func (s *Server) violations(w http.ResponseWriter, r *http.Request) error {
	if found, stamp, err := s.requested(r); err == nil && s.paged(found) && !r.URL.Query().Has("test") {
		return s.document(w, r, "violations "+found.ID, settled(found, stamp), func(ctx context.Context) (any, error) {
			cells, leftOut, err := s.violating(ctx, found)
			doc := page.NewViolations(found, s.cfg.Judge.Judge(found, cells))
			doc.LeftOut = leftOut
			return doc, err
		})
	}
	return s.ofCells(w, r, "violations", func(_ context.Context, run results.Run, cells []results.Cell) any {
		return page.NewViolations(run, cells)
	})
}

// vectors serves the policy vectors of a run.
func (s *Server) vectors(w http.ResponseWriter, r *http.Request) error {
	return s.ofCells(w, r, "vectors", func(_ context.Context, _ results.Run, cells []results.Cell) any { return page.NewVectors(cells) })
}

// times serves how the time of a run was spent.
func (s *Server) times(w http.ResponseWriter, r *http.Request) error {
	return s.ofCells(w, r, "times", func(_ context.Context, _ results.Run, cells []results.Cell) any { return page.NewTimes(cells) })
}

// History is a cell's results in the runs that have it, newest first.
type History struct {
	Kernel  string      `json:"kernel"`
	FS      string      `json:"fs"`
	Test    string      `json:"test"`
	History []page.Past `json:"history"`
	Runs    int         `json:"runs"` // the requested maximum
}

// history serves the history of one cell.
func (s *Server) history(w http.ResponseWriter, r *http.Request) error {
	key, err := cellKey(r.URL.Query())
	if err != nil {
		return err
	}
	limit, err := number(r.URL.Query(), "limit", someRuns, maxHistory)
	if err != nil {
		return err
	}
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	return s.document(w, r, "history "+r.URL.Query().Get("limit")+" "+key.String(), stamp, func(ctx context.Context) (any, error) {
		past, err := s.past(ctx, key, "", limit)
		return History{Kernel: key.Kernel, FS: key.FS, Test: key.Test, History: past, Runs: limit}, err
	})
}
