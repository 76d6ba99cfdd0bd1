package store

import (
	"cmp"
	"context"
	"time"

	"github.com/splicelab/splicelab/results"
)

// Durations reads the largest few of the newest runs: enough to include cells
// that the last run omitted, and few enough to keep planning fast. Runs of single
// cells, such as the steps of a bisection, do not hide the others.
const (
	durationRuns   = 3
	durationNewest = 30
)

// durationConditions are the conditions of a run that decide how long its cells
// take: whether they share VMs, whether VMs are restored, and their processors.
var durationConditions = []string{"isolation", "templates", "cpus"}

// Durations returns each cell's latest time to verdict in finished runs like r:
// with its accelerator, and with VMs that were isolated and started in the same
// way. Without these, a time says nothing: a cell takes 6 ms in a shared VM and
// 800 ms in one of its own.
func (s *Store) Durations(ctx context.Context, r results.Run) (map[results.CellKey]time.Duration, error) {
	like, args := ` WHERE finished <> 0 AND accel = ?`, []any{r.Accel}
	for _, name := range durationConditions {
		like += ` AND coalesce(conditions ->> ?, '') = ?`
		args = append(args, name, r.Conditions[name])
	}
	// The oldest first: the latest time counts.
	ids, err := s.ids(ctx, ` WHERE id IN (SELECT id FROM (SELECT id, planned, started FROM run`+like+` ORDER BY started DESC, id DESC LIMIT ?)
		ORDER BY planned DESC, started DESC, id DESC LIMIT ?) ORDER BY started, id`, append(args, durationNewest, durationRuns)...)
	if err != nil {
		return nil, err
	}
	took := map[results.CellKey]time.Duration{}
	for _, id := range ids {
		// A cell that was booted again, after an infra attempt, usually is not.
		rows, err := s.read.QueryContext(ctx, `SELECT kernel, fs, test, duration FROM attempt WHERE run = ? AND verdict <> 'infra' ORDER BY boot > 0 DESC`, id)
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
