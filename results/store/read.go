package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// This file reads attempts. A run can have 100,000 of them, so equal texts
// share one string.

func readCells(ctx context.Context, q querier, runID string) ([]results.Cell, error) {
	cells, err := roomFor(ctx, q, runID)
	if err != nil {
		return nil, err
	}
	err = eachCell(ctx, q, func(c results.Cell) { cells = append(cells, c) },
		`SELECT `+attemptColumns+`, '', '' FROM attempt WHERE run = ? ORDER BY kernel, fs, test, n`, runID)
	if err != nil {
		return nil, err
	}
	results.Sort(cells)
	return cells, nil
}

// eachCell calls f for each cell that the query finds in a run, the query's
// parameter. The query must order attempts by cell and number.
func eachCell(ctx context.Context, q querier, f func(results.Cell), query, runID string, args ...any) error {
	recorded, err := kernelsOf(ctx, q, runID)
	if err != nil {
		return err
	}
	return scanCells(ctx, q, recorded, func(of []results.Attempt) { f(results.FromAttempts(of)) }, query, append([]any{runID}, args...)...)
}

// scanCells calls f with the attempts of each cell. f must not retain them.
func scanCells(ctx context.Context, q querier, recorded map[string]results.Kernel, f func([]results.Attempt), query string, args ...any) error {
	var one []results.Attempt // of the current cell
	flush := func() {
		if len(one) > 0 {
			f(one)
			one = one[:0]
		}
	}
	err := scanAttempts(ctx, q, recorded, func(a *results.Attempt) {
		if len(one) > 0 && one[0].CellKey != a.CellKey {
			flush()
		}
		one = append(one, *a)
	}, query, args...)
	if err == nil {
		flush()
	}
	return err
}

// mostPlanned bounds the capacity that is reserved for planned cells.
const mostPlanned = 1 << 18

// roomFor reserves capacity for the cells of a run: growing the slice would
// copy many large cells several times.
func roomFor(ctx context.Context, q querier, runID string) ([]results.Cell, error) {
	rows, err := q.QueryContext(ctx, `SELECT planned FROM run WHERE id = ?`, runID)
	if err != nil {
		return nil, err
	}
	planned := 0
	if rows.Next() {
		err = rows.Scan(&planned)
	}
	return make([]results.Cell, 0, min(max(planned, 0), mostPlanned)), errors.Join(err, rows.Err(), rows.Close())
}

// attemptColumns are the columns that scanAttempts reads, without the two texts.
const attemptColumns = `kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates,
			queue, spawn, restore, boot, agent, testing, collect`

// verdicts reads what a Judgement and a Tally need. Reading the other columns costs
// more than all of that.
const (
	verdicts      = `SELECT kernel, fs, test, n, verdict, outcome, kind FROM attempt WHERE run = ?1`
	verdictsOfRun = verdicts + ` ORDER BY kernel, fs, test, n`
)

func readAttempts(ctx context.Context, q querier, query, runID string, args ...any) ([]results.Attempt, error) {
	recorded, err := kernelsOf(ctx, q, runID)
	if err != nil {
		return nil, err
	}
	var attempts []results.Attempt
	err = scanAttempts(ctx, q, recorded, func(a *results.Attempt) { attempts = append(attempts, *a) }, query, append([]any{runID}, args...)...)
	return attempts, err
}

// scanAttempts calls f for each attempt that the query finds: one of attemptColumns and the texts, or of verdicts. f must
// not retain the attempt. Attempts with equal covariates share one map, which must not be modified.
func scanAttempts(ctx context.Context, q querier, recorded map[string]results.Kernel, f func(*results.Attempt), query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	var a results.Attempt
	var kernel, fs, test, verdict, came, kind, detail, covariates, output, console sql.RawBytes
	var finished int64
	into := []any{&kernel, &fs, &test, &a.N, &verdict, &came, &kind, &detail, &a.Duration, &finished, &covariates,
		&a.Timing.Queue, &a.Timing.Spawn, &a.Timing.Restore, &a.Timing.Boot, &a.Timing.Agent, &a.Timing.Test, &a.Timing.Collect,
		&output, &console}
	columns, err := rows.Columns()
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	into = into[:len(columns)]
	seen := seenTexts{texts: map[string]string{}, covariates: map[string]map[string]string{}}
	for rows.Next() {
		a = results.Attempt{}
		if err := rows.Scan(into...); err != nil {
			return errors.Join(err, rows.Close())
		}
		a.CellKey = results.CellKey{Kernel: seen.text(kernel), FS: seen.text(fs), Test: seen.text(test)}
		if k, ok := recorded[a.Kernel]; ok {
			a.Version, a.Platform = k.Version, k.Platform
		}
		a.Verdict, a.Outcome, a.Kind = outcome.Verdict(seen.text(verdict)), outcome.Outcome(seen.text(came)), outcome.Kind(seen.text(kind))
		a.Detail, a.Finished = seen.text(detail), instant(finished)
		a.Output, a.Console = string(output), string(console)
		if covariates != nil {
			if a.Covariates, err = seen.covariatesOf(covariates); err != nil {
				return errors.Join(fmt.Errorf("covariates of %s: %w", a.CellKey, err), rows.Close())
			}
		}
		f(&a)
	}
	return errors.Join(rows.Err(), rows.Close())
}

// maxSeen bounds the number of cached texts: a run whose texts all differ must
// not be in memory twice.
const maxSeen = 1 << 14

// seenTexts caches the texts and covariates read so far.
type seenTexts struct {
	texts      map[string]string
	covariates map[string]map[string]string // by their JSON
}

func (s *seenTexts) text(b []byte) string {
	if t, ok := s.texts[string(b)]; ok { // does not allocate
		return t
	}
	t := string(b)
	if len(s.texts) < maxSeen {
		s.texts[t] = t
	}
	return t
}

func (s *seenTexts) covariatesOf(b []byte) (map[string]string, error) {
	if m, ok := s.covariates[string(b)]; ok {
		return m, nil
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, err
	}
	if len(s.covariates) < maxSeen {
		s.covariates[string(b)] = m
	}
	return m, nil
}

// Cells returns the cells of a run in the order of reports: kernel version,
// filesystem, test. Output and Console are empty: Attempts has them.
// A run without attempts, or an unknown one, has no cells.
func (s *Store) Cells(ctx context.Context, runID string) ([]results.Cell, error) {
	cells, err := readCells(ctx, s.read, runID)
	return cells, s.explain(err)
}

// Attempts returns the attempts at a cell, oldest first, with their texts.
func (s *Store) Attempts(ctx context.Context, runID string, key results.CellKey) ([]results.Attempt, error) {
	key = results.SafeKey(key)
	attempts, err := readAttempts(ctx, s.read, `SELECT `+attemptColumns+`,
			coalesce(output,''), coalesce(console,'') FROM attempt LEFT JOIN log ON log.id = attempt.log
			WHERE run = ? AND kernel = ? AND fs = ? AND test = ? ORDER BY n`, runID, key.Kernel, key.FS, key.Test)
	return attempts, s.explain(err)
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
