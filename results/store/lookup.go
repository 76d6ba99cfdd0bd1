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
		// Decoding covariates costs more than all the rest.
		attempts, err := readAttempts(ctx, s.read, `SELECT kernel, fs, test, n, verdict, outcome, kind, '', 0, 0, '{}', 0, 0, 0, 0, 0, 0, 0, '', ''
			FROM attempt WHERE run = ? ORDER BY kernel, fs, test, n`, runID)
		for len(attempts) > 0 {
			n := 1
			for n < len(attempts) && attempts[n].CellKey == attempts[0].CellKey {
				n++
			}
			if _, ok := wanted[attempts[0].CellKey]; ok {
				cells = append(cells, results.FromAttempts(attempts[:n:n]))
			}
			attempts = attempts[n:]
		}
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

// RunsUpTo returns the runs, newest first, up to and including the given one
// unless that is nil. Their counts are not read.
func (s *Store) RunsUpTo(ctx context.Context, last *results.Run) ([]results.Run, error) {
	where, args := "", []any(nil)
	if last != nil {
		where, args = ` WHERE (started, id) <= (?, ?)`, []any{nanos(last.Started), last.ID}
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run`+where+` ORDER BY started DESC, id DESC`, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var runs []results.Run
	for rows.Next() {
		r, _, err := scanRun(rows)
		if err != nil {
			return nil, s.explain(err)
		}
		runs = append(runs, r.Run)
	}
	return runs, s.explain(rows.Err())
}
