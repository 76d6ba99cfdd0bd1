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
	rows, err := s.read.QueryContext(ctx, `SELECT kernel, fs, test, n, verdict, outcome, kind FROM attempt WHERE run = ? ORDER BY kernel, fs, test, n`, runID)
	if err != nil {
		return nil, s.explain(err)
	}
	tallies := map[string]*TestTally{}
	var one []results.Attempt // of the current cell
	flush := func() {
		if len(one) == 0 {
			return
		}
		name, _, _ := strings.Cut(one[0].Test, "/")
		t := tallies[name]
		if t == nil {
			t = &TestTally{Test: name, Classes: map[outcome.Class]int{}}
			tallies[name] = t
		}
		cell := results.FromAttempts(one)
		t.Cells++
		t.Classes[cell.Class()]++
		one = one[:0] // FromAttempts does not retain it
	}
	seen := seenTexts{texts: map[string]string{}}
	for rows.Next() {
		var a results.Attempt
		var kernel, fs, test, verdict, came, kind sql.RawBytes
		if err := rows.Scan(&kernel, &fs, &test, &a.N, &verdict, &came, &kind); err != nil {
			return nil, errors.Join(s.explain(err), rows.Close())
		}
		a.CellKey = results.CellKey{Kernel: seen.text(kernel), FS: seen.text(fs), Test: seen.text(test)}
		a.Verdict, a.Outcome, a.Kind = outcome.Verdict(seen.text(verdict)), outcome.Outcome(seen.text(came)), outcome.Kind(seen.text(kind))
		if len(one) > 0 && one[0].CellKey != a.CellKey {
			flush()
		}
		one = append(one, a)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, s.explain(err)
	}
	flush()
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
	columns, err := s.columns(ctx, runID)
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

// columns lists the kernels and filesystems of a run. It skips from each column
// to the next by the primary key: DISTINCT would read all attempts.
func (s *Store) columns(ctx context.Context, runID string) ([]results.Column, error) {
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
