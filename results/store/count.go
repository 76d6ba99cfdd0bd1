package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/splicelab/splicelab/results"
)

// This file counts the cells of runs. A finished run is counted once.

// Count sets the Tally of those runs that have none: unfinished ones, and those
// that a version without classes counted. The latter are stored, unless the
// database is read-only.
func (s *Store) Count(ctx context.Context, runs []results.RunSummary) error {
	for i := range runs {
		r := &runs[i]
		if r.Classes != nil {
			continue
		}
		var err error
		if r.Tally, err = countCells(ctx, s.read, r.ID); err != nil {
			return s.explain(err)
		}
		if r.Finished.IsZero() {
			continue
		}
		err = s.change(ctx, func(tx *sql.Tx) error { return putTally(ctx, tx, r.ID, nanos(r.Finished), r.Tally) })
		var e *sqlite.Error
		if err != nil && !(errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_READONLY) {
			return err
		}
	}
	return nil
}

func countCells(ctx context.Context, q querier, runID string) (results.Tally, error) {
	t := results.Count(nil)
	err := eachCell(ctx, q, func(c results.Cell) { t.Add(&c) }, verdictsOfRun, runID)
	return t, err
}

// putTally stores the counts of a run, unless it was resumed in the meantime.
func putTally(ctx context.Context, tx *sql.Tx, runID string, finished int64, t results.Tally) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE run SET tally = ? WHERE id = ? AND finished = ?`, string(text), runID, finished)
	return err
}
