package store

import (
	"context"
	"errors"

	"github.com/splicelab/splicelab/results"
)

// Recent returns up to n runs, newest first, after the first skip ones, and the
// total number of runs. The Tally of an unfinished run is empty: counting its
// cells means reading them.
func (s *Store) Recent(ctx context.Context, skip, n int) (runs []results.RunSummary, total int, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM run`).Scan(&total); err != nil {
		return nil, 0, s.explain(err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run ORDER BY started DESC, id DESC LIMIT ? OFFSET ?`, n, skip)
	if err != nil {
		return nil, 0, s.explain(err)
	}
	for rows.Next() {
		r, _, err := scanRun(rows)
		if err != nil {
			return nil, 0, errors.Join(s.explain(err), rows.Close())
		}
		runs = append(runs, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, 0, s.explain(err)
	}
	return runs, total, s.setRunning(runs)
}

// AttemptCount is the number of a run's attempts. Attempts are only ever added:
// as long as the count is unchanged, so are the run's cells.
func (s *Store) AttemptCount(ctx context.Context, id string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM attempt WHERE run = ?`, id).Scan(&n)
	return n, s.explain(err)
}
