package store

import (
	"context"

	"github.com/splicelab/splicelab/results"
)

// Recent returns up to n runs, newest first, after the first skip ones, and the
// total number of runs. Steps of other commands (see results.Origin.Step) are left
// out. The Tally of an unfinished run is empty: counting its
// cells means reading them.
func (s *Store) Recent(ctx context.Context, skip, n int) (runs []results.RunSummary, total int, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM run WHERE `+whole).Scan(&total); err != nil {
		return nil, 0, s.explain(err)
	}
	if runs, err = s.summaries(ctx, ` WHERE `+whole+` ORDER BY started DESC, id DESC LIMIT ? OFFSET ?`, n, skip); err != nil {
		return nil, 0, err
	}
	for i := range runs {
		if !runs[i].Finished.IsZero() {
			if err := s.Count(ctx, runs[i:i+1]); err != nil {
				return nil, 0, err
			}
		}
	}
	return runs, total, s.setRunning(runs)
}

// AttemptCount is the number of a run's attempts. Attempts are only ever added:
// as long as the count is unchanged, so are the run's cells.
func (s *Store) AttemptCount(ctx context.Context, id string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT count(*) FROM attempt WHERE run = ?`, id).Scan(&n)
	return n, s.explain(err)
}
