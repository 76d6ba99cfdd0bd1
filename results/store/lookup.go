package store

import (
	"context"

	"github.com/splicelab/splicelab/results"
)

// Cell returns a cell of a run; ok is false if the run does not have it.
func (s *Store) Cell(ctx context.Context, runID string, key results.CellKey) (c results.Cell, ok bool, err error) {
	key = results.SafeKey(key)
	// Attempts are clustered by key: one probe.
	attempts, err := readAttempts(ctx, s.read, `SELECT `+attemptColumns+`, '', ''
		FROM attempt WHERE run = ? AND kernel = ? AND fs = ? AND test = ? ORDER BY n`, runID, key.Kernel, key.FS, key.Test)
	if err != nil || len(attempts) == 0 {
		return results.Cell{}, false, s.explain(err)
	}
	return results.FromAttempts(attempts), true, nil
}

// probesPerScan is how many probes for a cell take about as long as a scan of a
// run of some thousand cells.
const probesPerScan = 500

// CellsAmong returns those cells of a run that are keys of wanted, in no
// particular order. They have the fields that a Judgement needs and others that
// are cheap to read.
func (s *Store) CellsAmong(ctx context.Context, runID string, wanted map[results.CellKey]int) ([]results.Cell, error) {
	var cells []results.Cell
	if len(wanted) > probesPerScan {
		err := eachCell(ctx, s.read, func(c results.Cell) {
			if _, ok := wanted[c.CellKey]; ok {
				cells = append(cells, c)
			}
		}, verdictsOfRun, runID)
		return cells, s.explain(err)
	}
	for k := range wanted {
		c, ok, err := s.Cell(ctx, runID, k)
		if err != nil {
			return nil, err
		}
		if ok {
			cells = append(cells, c)
		}
	}
	return cells, nil
}

// RunsUpTo returns the runs that are no steps (see results.Origin.Step), newest
// first, up to and including the given run unless that is nil. The given one is
// included even if it is a step. Their counts are not read.
func (s *Store) RunsUpTo(ctx context.Context, last *results.Run) ([]results.Run, error) {
	where, args := ` WHERE `+whole, []any(nil)
	if last != nil {
		where, args = ` WHERE (`+whole+` OR id = ?2) AND (started, id) <= (?1, ?2)`, []any{nanos(last.Started), last.ID}
	}
	all, err := s.summaries(ctx, where+` ORDER BY started DESC, id DESC`, args...)
	runs := make([]results.Run, len(all))
	for i, r := range all {
		runs[i] = r.Run
	}
	return runs, err
}
