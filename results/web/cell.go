package web

import (
	"context"
	"net/http"
	"time"

	"splicelab/results"
	"splicelab/results/page"
)

// maxHistory is how many runs a cell's history goes back.
const maxHistory = 1000

// cell answers with everything about one cell.
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
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	run, err := s.find(r.Context(), r.PathValue("ref"))
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
			for i := range attempts {
				attempts[i].Verdict = attempts[i].Verdict.Under(p, attempts[i].Kind, attempts[i].Outcome)
			}
		}
		c := s.cfg.Judge(run, []results.Cell{results.FromAttempts(attempts)})[0]
		past, err := s.past(ctx, key, someRuns)
		if err != nil {
			return nil, err
		}
		report, err := s.cfg.Report(run, c)
		if err != nil {
			return nil, err
		}
		return s.cellDocument(run, c, attempts, past, report), nil
	})
}

func (s *Server) cellDocument(run results.Run, c results.Cell, attempts []results.Attempt, past []page.Past, report string) page.Cell {
	doc := page.Cell{
		Kernel: c.Kernel, FS: c.FS, Test: c.Test, Verdict: c.Verdict, Outcome: c.Outcome, Kind: c.Kind,
		Flaky: c.Flaky, Standing: c.Standing, Why: c.Why,
		Command: results.RepeatCommand(run, c.CellKey), Report: report, Attempts: []page.Attempt{}, History: past,
	}
	for _, a := range attempts {
		one := page.Attempt{
			N: a.N, Verdict: a.Verdict, Outcome: a.Outcome, Detail: a.Detail, Finished: stampOf(a.Finished), DurationMS: a.Duration.Milliseconds(),
			Timing: []page.Phase{}, Covariates: a.Covariates, Output: a.Output, Console: a.Console, CrashLines: []int{}, Wrong: []page.Bytes{},
		}
		for _, p := range results.Phases {
			one.Timing = append(one.Timing, page.Phase{Name: p.Name, MS: float64(p.In(a.Timing).Microseconds()) / 1e3})
		}
		s.cfg.Texts(&one)
		doc.Attempts = append(doc.Attempts, one)
	}
	return doc
}

// stampOf is t as documents have it.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// History is what a cell came to in the runs that have it, newest first.
type History struct {
	Kernel  string      `json:"kernel"`
	FS      string      `json:"fs"`
	Test    string      `json:"test"`
	History []page.Past `json:"history"`
	Runs    int         `json:"runs"` // that were looked through
}

// history answers with the history of one cell.
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
		past, err := s.past(ctx, key, limit)
		return History{Kernel: key.Kernel, FS: key.FS, Test: key.Test, History: past, Runs: limit}, err
	})
}
