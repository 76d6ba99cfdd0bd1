package store

import (
	"context"
	"time"
)

// Prunable returns the ids of the runs that Prune would remove, oldest first.
func (s *Store) Prunable(ctx context.Context, before time.Time) ([]string, error) {
	return s.ids(ctx, ` WHERE started < ?1 AND id NOT IN (SELECT run FROM mark)
		AND (finished <> 0 OR NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.run = run.id AND attempt.finished >= ?1))
		ORDER BY started`, nanos(before))
}

// compactWorth: Compact rewrites the file only if at least one page in this many
// is free.
const compactWorth = 4

// Compact returns the space of pruned runs to the filesystem if it is a
// considerable part of the file, and returns the number of bytes freed. It
// needs free space for a copy of the rest, and blocks writers.
func (s *Store) Compact(ctx context.Context) (freed int64, err error) {
	var pages, free, size int64
	for pragma, n := range map[string]*int64{"page_count": &pages, "freelist_count": &free, "page_size": &size} {
		if err := s.read.QueryRowContext(ctx, `PRAGMA `+pragma).Scan(n); err != nil {
			return 0, s.explain(err)
		}
	}
	if free == 0 || free*compactWorth < pages {
		return 0, nil
	}
	// VACUUM's output stays in the WAL until a checkpoint.
	for _, q := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := s.write.ExecContext(ctx, q); err != nil {
			return 0, s.explain(err)
		}
	}
	return free * size, nil
}
