package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/splicelab/splicelab/results"
)

// durationRuns is how many of the newest finished runs Durations reads: enough
// to include cells that the last run omitted, and few enough to keep planning
// fast.
const durationRuns = 3

// Durations returns each cell's latest time to verdict in the newest finished
// runs.
func (s *Store) Durations(ctx context.Context) (map[results.CellKey]time.Duration, error) {
	ids, err := s.ids(ctx, ` WHERE finished <> 0 ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, err
	}
	took := map[results.CellKey]time.Duration{}
	for _, id := range slices.Backward(ids[:min(durationRuns, len(ids))]) {
		rows, err := s.read.QueryContext(ctx, `SELECT kernel, fs, test, duration FROM attempt WHERE run = ? AND verdict <> 'infra'`, id)
		if err != nil {
			return nil, s.explain(err)
		}
		for rows.Next() {
			var k results.CellKey
			var d time.Duration
			if err := rows.Scan(&k.Kernel, &k.FS, &k.Test, &d); err != nil {
				_ = rows.Close()
				return nil, s.explain(err)
			}
			took[k] = d
		}
		if err := cmp.Or(rows.Err(), rows.Close()); err != nil {
			return nil, s.explain(err)
		}
	}
	return took, nil
}
