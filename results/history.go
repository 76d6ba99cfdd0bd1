package results

import (
	"context"
	"slices"
)

// Past is what a cell came to in one run.
type Past struct {
	Run  Run
	Cell Cell
}

// Cell returns a cell of a run; ok is false when the run does not have it.
func (s *Store) Cell(ctx context.Context, runID string, key CellKey) (c Cell, ok bool, err error) {
	key = key.cleaned()
	// A run's attempts lie together by their key: one probe.
	attempts, err := readAttempts(ctx, s.read, `SELECT `+attemptColumns+`, '', ''
		FROM attempt WHERE run = ? AND kernel = ? AND fs = ? AND test = ? ORDER BY n`, runID, key.Kernel, key.FS, key.Test)
	if err != nil || len(attempts) == 0 {
		return Cell{}, false, s.explain(err)
	}
	return FromAttempts(attempts), true, nil
}

// History returns what a cell came to in the newest runs that have it, up to
// the given one, unless that is nil; at most limit of them (0: all), newest
// first.
func (s *Store) History(ctx context.Context, key CellKey, upTo *Run, limit int) ([]Past, error) {
	return s.history(ctx, key, upTo, limit, func(context.Context, string) ([]string, error) { return []string{key.Kernel}, nil })
}

// SeriesHistory is the History of a cell on all kernels of its series: of each
// run the newest kernel first. The limit is one of cells.
func (s *Store) SeriesHistory(ctx context.Context, key CellKey, upTo *Run, limit int) ([]Past, error) {
	series := Series(key.Kernel)
	return s.history(ctx, key, upTo, limit, func(ctx context.Context, run string) ([]string, error) {
		kernels, err := s.Kernels(ctx, run)
		kernels = slices.DeleteFunc(kernels, func(k string) bool { return Series(k) != series })
		slices.Reverse(kernels)
		return kernels, err
	})
}

func (s *Store) history(ctx context.Context, key CellKey, upTo *Run, limit int, kernels func(ctx context.Context, run string) ([]string, error)) ([]Past, error) {
	runs, err := s.runsUpTo(ctx, upTo)
	if err != nil {
		return nil, err
	}
	var all []Past
	for _, r := range runs {
		of, err := kernels(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, k := range of {
			c, ok, err := s.Cell(ctx, r.ID, CellKey{Kernel: k, FS: key.FS, Test: key.Test})
			if err != nil {
				return nil, err
			}
			if ok {
				all = append(all, Past{r, c})
			}
			if limit > 0 && len(all) == limit {
				return all, nil
			}
		}
	}
	return all, nil
}

// FindCell returns the key of the cell in the newest run that has one of that
// filesystem and test on a kernel which key.Kernel names: see OfRelease. Where
// that run has several such kernels it is the newest of them, unless one is
// called just so. ok is false when no run has one.
func (s *Store) FindCell(ctx context.Context, key CellKey) (found CellKey, ok bool, err error) {
	runs, err := s.runsUpTo(ctx, nil)
	if err != nil {
		return CellKey{}, false, err
	}
	for _, r := range runs {
		kernels, err := s.Kernels(ctx, r.ID)
		if err != nil {
			return CellKey{}, false, err
		}
		if slices.Contains(kernels, key.Kernel) {
			kernels = []string{key.Kernel}
		}
		for _, k := range slices.Backward(kernels) {
			if !OfRelease(k, key.Kernel) {
				continue
			}
			c, ok, err := s.Cell(ctx, r.ID, CellKey{Kernel: k, FS: key.FS, Test: key.Test})
			if err != nil || ok {
				return c.CellKey, ok, err
			}
		}
	}
	return CellKey{}, false, nil
}

// HistoryDepth is how many runs a cell's history has by default: enough for
// one failure to stand out, and few enough that what was mended is forgotten
// within a month of nights.
const HistoryDepth = 20

// Histories counts, for each cell, the attempts that fail in the newest runs
// up to the given one that have it, at most depth of them. A cell that left
// nothing behind in any of them is not in the answer. See Regressed for why it
// must not look at later runs: a failure that stays would become its own
// excuse.
func (s *Store) Histories(ctx context.Context, keys []CellKey, upTo Run, depth int, shown func([]Cell) []Cell, fails Judgement) (map[CellKey]Rate, error) {
	runs, err := s.runsUpTo(ctx, &upTo)
	if err != nil {
		return nil, err
	}
	rates := make(map[CellKey]Rate, len(keys))
	left := make(map[CellKey]int, len(keys)) // runs that are still asked for
	for _, k := range keys {
		left[k] = depth
	}
	for _, r := range runs {
		if len(left) == 0 {
			break
		}
		cells, err := s.some(ctx, r.ID, left)
		if err != nil {
			return nil, s.explain(err)
		}
		cells = shown(cells)
		for i := range cells {
			c := &cells[i]
			rate := RateOf(c, fails)
			if rate.Attempts == 0 {
				continue
			}
			rates[c.CellKey] = rates[c.CellKey].Plus(rate)
			if left[c.CellKey]--; left[c.CellKey] == 0 {
				delete(left, c.CellKey)
			}
		}
	}
	return rates, nil
}

// probesPerScan is how many probes for one cell take about as long as reading
// a run of some thousand cells.
const probesPerScan = 500

// some reads those cells of a run that are keys of wanted.
func (s *Store) some(ctx context.Context, runID string, wanted map[CellKey]int) ([]Cell, error) {
	var cells []Cell
	if len(wanted) > probesPerScan {
		// Only what a judgement looks at: covariates cost more than all the rest.
		attempts, err := readAttempts(ctx, s.read, `SELECT kernel, fs, test, n, verdict, outcome, kind, '', 0, 0, '{}', 0, 0, 0, 0, 0, 0, 0, '', ''
			FROM attempt WHERE run = ? ORDER BY kernel, fs, test, n`, runID)
		for len(attempts) > 0 {
			n := 1
			for n < len(attempts) && attempts[n].CellKey == attempts[0].CellKey {
				n++
			}
			if _, ok := wanted[attempts[0].CellKey]; ok {
				cells = append(cells, FromAttempts(attempts[:n:n]))
			}
			attempts = attempts[n:]
		}
		return cells, err
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

// runsUpTo are the runs, newest first, up to one of them where it is given.
// Their counts are not read.
func (s *Store) runsUpTo(ctx context.Context, last *Run) ([]Run, error) {
	where, args := "", []any(nil)
	if last != nil {
		where, args = ` WHERE (started, id) <= (?, ?)`, []any{nanos(last.Started), last.ID}
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run`+where+` ORDER BY started DESC, id DESC`, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var runs []Run
	for rows.Next() {
		r, _, err := scanRun(rows)
		if err != nil {
			return nil, s.explain(err)
		}
		runs = append(runs, r.Run)
	}
	return runs, s.explain(rows.Err())
}

// Kernels returns the releases of the kernels that a run has cells of, in the
// order of reports.
func (s *Store) Kernels(ctx context.Context, runID string) ([]string, error) {
	// From each to the next by the primary key, which SQLite's DISTINCT does
	// not do: it would read all attempts.
	rows, err := s.read.QueryContext(ctx, `WITH RECURSIVE k (release) AS (
			SELECT min(kernel) FROM attempt WHERE run = ?1
			UNION ALL
			SELECT (SELECT min(kernel) FROM attempt WHERE run = ?1 AND kernel > k.release) FROM k WHERE k.release IS NOT NULL)
		SELECT release FROM k WHERE release IS NOT NULL`, runID)
	if err != nil {
		return nil, s.explain(err)
	}
	defer func() { _ = rows.Close() }() // its error is rows.Err's
	var all []string
	for rows.Next() {
		var release string
		if err := rows.Scan(&release); err != nil {
			return nil, s.explain(err)
		}
		all = append(all, release)
	}
	slices.SortFunc(all, compareReleases)
	return all, s.explain(rows.Err())
}
