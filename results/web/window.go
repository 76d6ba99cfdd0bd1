package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/page"
)

// A run with more cells than s.limits.cells is never read at once: its document
// of tests is made of one pass that keeps nothing, and its cells are read by
// tests. Everything that needs all cells of a run is refused, with the way out.

// maxTests bounds the tests that one request names.
const maxTests = 500

// Tests are the tests of a run, with the number of their cells.
type Tests struct {
	Limit int           `json:"limit"` // cells in one document at most
	Cells int           `json:"cells"`
	Tests []CountedTest `json:"tests"` // in the order of names
}

// CountedTest counts the cells of a test and its subtests.
type CountedTest struct {
	Test    string                `json:"test"` // suite.TestName
	Cells   int                   `json:"cells"`
	Classes map[outcome.Class]int `json:"classes"`
}

// paged reports whether a run is read by tests.
func (s *Server) paged(r results.Run) bool { return r.Planned > s.limits.cells }

// tests serves the tests of a run.
func (s *Server) tests(w http.ResponseWriter, r *http.Request) error {
	found, stamp, err := s.requested(r)
	if err != nil {
		return err
	}
	return s.document(w, r, "tests "+found.ID, settled(found, stamp), func(ctx context.Context) (any, error) { return s.remembered(ctx, found) })
}

func (s *Server) overview(ctx context.Context, r results.Run) (Tests, error) {
	doc := Tests{Limit: s.limits.cells, Tests: []CountedTest{}}
	all, err := s.cfg.Store.Overview(ctx, r.ID)
	for _, t := range all {
		doc.Cells += t.Cells
		doc.Tests = append(doc.Tests, CountedTest{Test: sanitize.Line(t.Test), Cells: t.Cells, Classes: t.Classes})
	}
	return doc, err
}

// named returns the tests that a request names.
func named(q url.Values) ([]string, error) {
	tests := q["test"]
	if len(tests) > maxTests {
		return nil, badRequest("test: name at most %d tests at once", maxTests)
	}
	for _, t := range tests {
		if t == "" || len(t) > sanitize.MaxLine || strings.Contains(t, "/") {
			return nil, badRequest("test: name tests without their subtests, as /tests lists them")
		}
	}
	return tests, nil
}

// cellsOf returns the stored cells of a run, or of some of its tests.
func (s *Server) cellsOf(ctx context.Context, r results.Run, tests []string) ([]results.Cell, error) {
	switch {
	case len(tests) > 0 && s.paged(r):
		counts, err := s.counted(ctx, r)
		if err != nil {
			return nil, err
		}
		n := 0
		for _, t := range tests {
			n += counts[t]
		}
		if n > s.limits.cells {
			return nil, tooLarge("these tests have %d cells, more than the %d of one document: name fewer", n, s.limits.cells)
		}
		return s.cfg.Store.CellsOfTests(ctx, r.ID, tests)
	case len(tests) > 0:
		return s.cfg.Store.CellsOfTests(ctx, r.ID, tests)
	case s.paged(r):
		return nil, tooLarge("run %s has more than the %d cells of one document: name tests with test=, /api/runs/%s/tests lists them", r.ID, s.limits.cells, r.ID)
	}
	return s.cfg.Store.Cells(ctx, r.ID)
}

// inParts visits the stored cells of a run, those of a paged one in several parts
// of which none has more than one document may have.
func (s *Server) inParts(ctx context.Context, r results.Run, visit func([]results.Cell) error) error {
	if !s.paged(r) {
		cells, err := s.cfg.Store.Cells(ctx, r.ID)
		if err != nil {
			return err
		}
		return visit(cells)
	}
	doc, err := s.remembered(ctx, r)
	if err != nil {
		return err
	}
	for len(doc.Tests) > 0 {
		var part []string
		for room := s.limits.cells; len(doc.Tests) > 0 && len(part) < maxTests; doc.Tests = doc.Tests[1:] {
			// A test that is too large for one part is read all the same.
			if room -= doc.Tests[0].Cells; room < 0 && len(part) > 0 {
				break
			}
			part = append(part, doc.Tests[0].Test)
		}
		cells, err := s.cfg.Store.CellsOfTests(ctx, r.ID, part)
		if err != nil {
			return err
		}
		if err := visit(cells); err != nil {
			return err
		}
	}
	return nil
}

func tooLarge(format string, args ...any) error {
	return &requestError{http.StatusRequestEntityTooLarge, fmt.Sprintf(format, args...)}
}

// counted returns the number of cells of each test of a run. For a run that has
// finished it is remembered.
func (s *Server) counted(ctx context.Context, r results.Run) (map[string]int, error) {
	doc, err := s.remembered(ctx, r)
	counts := map[string]int{}
	for _, t := range doc.Tests {
		counts[t.Test] = t.Cells
	}
	return counts, err
}

// lastOverview is the overview that was made last.
type lastOverview struct {
	mu    sync.Mutex
	key   string
	doc   Tests
	until time.Time // when it is made again, if the run is in progress
}

// overviewShare bounds the share of the time that is spent on the overview of a
// run in progress, which reads all of it.
const overviewShare = 5

// remembered is the overview of a run, which is kept for the one that was asked
// for last; that of a run in progress for some times what it took.
func (s *Server) remembered(ctx context.Context, r results.Run) (Tests, error) {
	running, err := s.cfg.Store.Running()
	if err != nil {
		return Tests{}, err
	}
	key := fmt.Sprint(r.ID, " ", r.Finished, " ", running.Has(r.ID))
	s.last.mu.Lock()
	defer s.last.mu.Unlock()
	if s.last.key == key && (!r.Finished.IsZero() || s.now().Before(s.last.until)) {
		return s.last.doc, nil
	}
	// It may take longer than a request may: then the next one has it.
	from := s.now()
	doc, err := s.overview(context.WithoutCancel(ctx), r)
	if err == nil {
		now := s.now()
		s.last.key, s.last.doc, s.last.until = key, doc, now.Add(overviewShare*now.Sub(from))
	}
	return doc, err
}

// violating returns the cells of the tests that have a violation, as many tests
// as fit into one document, and the number of the others.
func (s *Server) violating(ctx context.Context, r results.Run) (cells []results.Cell, leftOut int, err error) {
	doc, err := s.remembered(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	var tests []string
	room := s.limits.cells
	for _, t := range doc.Tests {
		switch {
		case t.Classes[outcome.Violates] == 0:
		case t.Cells <= room && len(tests) < maxTests:
			tests, room = append(tests, t.Test), room-t.Cells
		default:
			leftOut++
		}
	}
	if len(tests) > 0 {
		cells, err = s.cfg.Store.CellsOfTests(ctx, r.ID, tests)
	}
	return cells, leftOut, err
}

// pagedRun is the document of a run that is read by tests: with the tally that
// was stored when it finished, before that with the classes that the overview
// counts. Neither knows expectations: these need every cell.
func (s *Server) pagedRun(ctx context.Context, r results.Run) (page.Run, error) {
	tally, ok, err := s.cfg.Store.StoredTally(ctx, r.ID)
	if err != nil {
		return page.Run{}, err
	}
	if !ok {
		doc, err := s.remembered(ctx, r)
		if err != nil {
			return page.Run{}, err
		}
		tally = results.Count(nil)
		tally.Cells = doc.Cells
		for _, t := range doc.Tests {
			for class, n := range t.Classes {
				tally.Classes[class] += n
			}
		}
	}
	return s.runDocument(ctx, r, tally, true)
}
