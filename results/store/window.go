package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// This file reads parts of a run that is too large to be read at once: a run of
// millions of cells takes gigabytes as a slice of cells.

// TestTally counts the cells of one test, suite.TestName, and its subtests.
type TestTally struct {
	Test    string
	Cells   int
	Classes map[outcome.Class]int
}

// Overview counts the cells of a run by test. It reads every attempt once, and
// keeps none of them.
func (s *Store) Overview(ctx context.Context, runID string) ([]TestTally, error) {
	tallies := map[string]*TestTally{}
	err := eachCell(ctx, s.read, func(c results.Cell) {
		name, _, _ := strings.Cut(c.Test, "/")
		t := tallies[name]
		if t == nil {
			t = &TestTally{Test: name, Classes: map[outcome.Class]int{}}
			tallies[name] = t
		}
		t.Cells++
		t.Classes[c.Class()]++
	}, verdictsOfRun, runID)
	if err != nil {
		return nil, s.explain(err)
	}
	list := make([]TestTally, 0, len(tallies))
	for _, t := range tallies {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b TestTally) int {
		return cmp.Or(results.CompareNatural(a.Test, b.Test), strings.Compare(a.Test, b.Test))
	})
	return list, nil
}

// CellsOfTests returns the cells of some tests, suite.TestName, and their
// subtests, in the order of reports. It reads these cells only.
func (s *Store) CellsOfTests(ctx context.Context, runID string, tests []string) ([]results.Cell, error) {
	columns, err := s.Columns(ctx, runID)
	if err != nil {
		return nil, err
	}
	places := make([][2]string, len(columns))
	for i, c := range columns {
		places[i] = [2]string{c.Kernel, c.FS}
	}
	in, err := json.Marshal(places)
	if err != nil {
		return nil, err
	}
	of, err := json.Marshal(append([]string{}, tests...))
	if err != nil {
		return nil, err
	}
	// CROSS JOIN keeps SQLite from another order of the loops: each step of the
	// inner one is a range of the primary key. "0" is the character after "/".
	attempts, err := readAttempts(ctx, s.read, `SELECT `+attemptColumns+`, '', ''
		FROM json_each(?2) AS place CROSS JOIN json_each(?3) AS name CROSS JOIN attempt
		WHERE run = ?1 AND kernel = json_extract(place.value, '$[0]') AND fs = json_extract(place.value, '$[1]')
			AND test >= name.value AND test < name.value || '0' AND (test = name.value OR test >= name.value || '/')
		ORDER BY kernel, fs, test, n`, runID, string(in), string(of))
	if err != nil {
		return nil, s.explain(err)
	}
	var cells []results.Cell
	for from := 0; from < len(attempts); {
		to := from + 1
		for to < len(attempts) && attempts[to].CellKey == attempts[from].CellKey {
			to++
		}
		cells = append(cells, results.FromAttempts(attempts[from:to]))
		from = to
	}
	results.Sort(cells)
	return cells, nil
}

// StoredTally returns the tally that was stored when a run finished; ok is false
// if there is none.
func (s *Store) StoredTally(ctx context.Context, runID string) (tally results.Tally, ok bool, err error) {
	r, err := scanRun(s.read.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run WHERE id = ?`, runID))
	return r.Tally, r.Classes != nil, s.explain(err)
}

// CellsOfColumn returns the cells of a run on one kernel and filesystem, in no
// particular order and with the fields that CellsAmong reads.
func (s *Store) CellsOfColumn(ctx context.Context, runID string, of results.Column) ([]results.Cell, error) {
	var cells []results.Cell
	err := eachCell(ctx, s.read, func(c results.Cell) { cells = append(cells, c) }, verdicts+` AND kernel = ?2 AND fs = ?3 ORDER BY test, n`, runID, of.Kernel, of.FS)
	return cells, s.explain(err)
}

// Columns lists the kernels and filesystems of a run. It skips from each column
// to the next by the primary key: DISTINCT would read all attempts.
func (s *Store) Columns(ctx context.Context, runID string) ([]results.Column, error) {
	var columns []results.Column
	last := results.Column{}
	for {
		err := s.read.QueryRowContext(ctx, `SELECT kernel, fs FROM attempt WHERE run = ?1 AND kernel = ?2 AND fs > ?3 ORDER BY fs LIMIT 1`, runID, last.Kernel, last.FS).
			Scan(&last.Kernel, &last.FS)
		if errors.Is(err, sql.ErrNoRows) {
			err = s.read.QueryRowContext(ctx, `SELECT kernel, fs FROM attempt WHERE run = ?1 AND kernel > ?2 ORDER BY kernel, fs LIMIT 1`, runID, last.Kernel).
				Scan(&last.Kernel, &last.FS)
		}
		if errors.Is(err, sql.ErrNoRows) {
			return columns, nil
		}
		if err != nil {
			return nil, s.explain(err)
		}
		columns = append(columns, last)
	}
}
