package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

// Limits of request parameters.
const (
	maxRef     = 256 // bytes of a reference to a run
	maxPattern = 1000
	maxRuns    = 1000 // runs listed in one response
	someRuns   = 100  // default number of runs
)

// Runs is a part of the list of runs, newest first.
type Runs struct {
	Runs  []page.Run `json:"runs"`
	Total int        `json:"total"` // in the store
	Skip  int        `json:"skip"`  // number of runs before these
}

// runs serves the list of runs.
func (s *Server) runs(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	limit, err := number(q, "limit", someRuns, maxRuns)
	if err != nil {
		return err
	}
	skip, err := number(q, "skip", 0, 1<<31-1)
	if err != nil {
		return err
	}
	stamp, err := s.version(r.Context())
	if err != nil {
		return err
	}
	return s.document(w, r, fmt.Sprint("runs ", limit, " ", skip), stamp, func(ctx context.Context) (any, error) {
		some, total, err := s.cfg.Store.Recent(ctx, skip, limit)
		if err != nil {
			return nil, err
		}
		marks, err := s.cfg.Store.Marks(ctx)
		if err != nil {
			return nil, err
		}
		list := Runs{Runs: []page.Run{}, Total: total, Skip: skip}
		for _, one := range some {
			// Releases before there were classes stored tallies without them.
			if one.Finished.IsZero() || one.Classes == nil {
				if one.Tally, err = s.tallies.of(ctx, s.cfg.Store, one.ID); err != nil {
					return nil, err
				}
			}
			id := one.ID
			one.Run = results.SafeRun(one.Run)
			doc := page.NewRun(one, marks[id])
			doc.Paged = s.paged(one.Run)
			list.Runs = append(list.Runs, doc)
		}
		return list, nil
	})
}

// tallies caches the tallies of runs that have no stored one. Most of these were
// killed and do not change.
type tallies struct {
	mu    sync.Mutex
	known map[string]knownTally
}

type knownTally struct {
	attempts int
	tally    results.Tally
}

// of returns the tally of a run. It counts again only if the number of attempts
// has changed.
func (t *tallies) of(ctx context.Context, store Store, id string) (results.Tally, error) {
	n, err := store.AttemptCount(ctx, id)
	if err != nil {
		return results.Tally{}, err
	}
	t.mu.Lock()
	known, ok := t.known[id]
	t.mu.Unlock()
	if ok && known.attempts == n {
		return known.tally, nil
	}
	cells, err := store.Cells(ctx, id)
	if err != nil {
		return results.Tally{}, err
	}
	known = knownTally{n, results.Count(cells)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]knownTally{}
	}
	t.known[id] = known
	return known.tally, nil
}

// run serves one run.
func (s *Server) run(w http.ResponseWriter, r *http.Request) error {
	found, stamp, err := s.requested(r)
	if err != nil {
		return err
	}
	if found.Finished.IsZero() { // the report of its process is not in the database
		if l, ok := s.cfg.Store.Live(found.ID, s.now()); ok {
			stamp += " " + l.At.String()
		}
	}
	return s.document(w, r, "run "+found.ID, stamp, func(ctx context.Context) (any, error) {
		if s.paged(found) {
			return s.pagedRun(ctx, found)
		}
		doc, _, err := s.read(ctx, found, "", nil)
		return doc, err
	})
}

// cells serves all cells of a run, by column.
func (s *Server) cells(w http.ResponseWriter, r *http.Request) error {
	return s.ofCells(w, r, "cells", func(ctx context.Context, run results.Run, cells []results.Cell) any {
		var planned []results.Cell
		if run.Finished.IsZero() && s.cfg.Planned != nil {
			planned = s.cfg.Planned(ctx, run)
		}
		doc := page.NewCells(cells, planned...)
		doc.SetFamilies(s.cfg.Annotator)
		doc.SetExpected(cells, s.expect)
		return doc
	})
}

// expect judges cells by the user's expectations under a policy.
func (s *Server) expect(cells []results.Cell, p outcome.Policy) {
	copy(cells, s.cfg.Judge.Judge(results.Run{Policy: p}, cells))
}

// ofCells serves a document built from a run's cells, judged by the policy in
// the request.
func (s *Server) ofCells(w http.ResponseWriter, r *http.Request, name string, makeDocument func(context.Context, results.Run, []results.Cell) any) error {
	p, err := policy(r.URL.Query().Get("policy"))
	if err != nil {
		return err
	}
	tests, err := named(r.URL.Query())
	if err != nil {
		return err
	}
	found, stamp, err := s.requested(r)
	if err != nil {
		return err
	}
	return s.document(w, r, fmt.Sprintf("%s %s %s %q", name, found.ID, p, tests), settled(found, stamp), func(ctx context.Context) (any, error) {
		_, cells, err := s.read(ctx, found, p, tests)
		if err != nil {
			return nil, err
		}
		if p != "" {
			found.Policy = p
		}
		return makeDocument(ctx, found, cells), nil
	})
}

// version is the stamp of documents that change with any write, and with the
// start or exit of any process.
func (s *Server) version(ctx context.Context) (string, error) {
	running, err := s.cfg.Store.Running()
	if err != nil {
		return "", err
	}
	// A cancelled query breaks the connection, and this one is shared.
	v, err := s.changes.Version(context.WithoutCancel(ctx))
	return fmt.Sprint("v", v, " ", running), err
}

// settled is the stamp of documents of one run's cells, which no longer change
// once the run has finished.
func settled(r results.Run, stamp string) string {
	if r.Finished.IsZero() {
		return stamp
	}
	return "f" + strconv.FormatInt(r.Finished.UnixNano(), 10)
}

// requested returns the run that a request names, and the stamp of documents that
// change with any write. The stamp is read first: what is written while the run is
// read makes it outdated.
func (s *Server) requested(r *http.Request) (results.Run, string, error) {
	stamp, err := s.version(r.Context())
	if err != nil {
		return results.Run{}, "", err
	}
	run, err := s.find(r.Context(), r.PathValue("ref"))
	return run, stamp, err
}

// find resolves a reference to a run.
func (s *Server) find(ctx context.Context, ref string) (results.Run, error) {
	if len(ref) > maxRef {
		return results.Run{}, badRequest("a run is named by at most %d bytes: by its id, latest, latest~1, a date or @baseline", maxRef)
	}
	return s.cfg.Store.Run(ctx, ref)
}

// read returns a run's cells, or those of some tests, judged by the server's
// Judge, under policy p unless that is empty.
func (s *Server) read(ctx context.Context, run results.Run, p outcome.Policy, tests []string) (page.Run, []results.Cell, error) {
	cells, err := s.cellsOf(ctx, run, tests)
	if err != nil {
		return page.Run{}, nil, err
	}
	if p != "" {
		run.Policy, cells = p, results.Show(cells, p)
	}
	cells = s.cfg.Judge.Judge(run, cells)
	doc, err := s.runDocument(ctx, run, results.Count(cells), s.paged(run))
	return doc, cells, err
}

// runDocument is the document of a run with this tally.
func (s *Server) runDocument(ctx context.Context, run results.Run, tally results.Tally, paged bool) (page.Run, error) {
	marks, err := s.cfg.Store.Marks(ctx)
	if err != nil {
		return page.Run{}, err
	}
	running, err := s.cfg.Store.Running()
	if err != nil {
		return page.Run{}, err
	}
	doc := page.NewRun(results.RunSummary{Run: results.SafeRun(run), Tally: tally, Running: run.Finished.IsZero() && running.Has(run.ID)}, marks[run.ID])
	doc.Paged = paged
	if doc.Running {
		if l, ok := s.cfg.Store.Live(run.ID, s.now()); ok {
			doc.Rate, doc.Left, doc.Doing = l.Rate, l.Left.Seconds(), sanitize.Line(l.Doing)
		}
	}
	return doc, nil
}

// number parses a query parameter from 0 to most.
func number(q url.Values, name string, otherwise, most int) (int, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, badRequest("%s=%s is not a number from 0 to %d", name, cut(text), most)
	}
	return n, nil
}

// cellKey parses the key of a cell from a query.
func cellKey(q url.Values) (results.CellKey, error) {
	key := results.CellKey{Kernel: q.Get("kernel"), FS: q.Get("fs"), Test: q.Get("test")}
	if key.Kernel == "" || key.FS == "" || key.Test == "" {
		return key, badRequest("a cell is named by kernel, fs and test: give all three")
	}
	if max(len(key.Kernel), len(key.FS), len(key.Test)) > sanitize.MaxLine {
		return key, badRequest("no name of a kernel, filesystem or test is longer than %d bytes", sanitize.MaxLine)
	}
	return key, nil
}
