package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/splicelab/splicelab/results"
)

// This file keeps and reads the table of the newest run that has a verdict for
// a cell. Without it, the newest result of each cell of a kernel could only be
// found by reading all attempts: the primary key begins with the run. Runs that
// are steps (see results.Origin.Step) do not count, and neither does infra,
// which is no verdict on a kernel.

// Seen is a cell of the newest run that has it.
type Seen struct {
	results.Cell
	Run string // its id
}

// The cells for which a run, ?1, has a verdict: one cell, or all.
const (
	ofCell = `SELECT ?2, ?3, ?4, id FROM run WHERE id = ?1 AND ` + whole
	ofRun  = `SELECT DISTINCT kernel, fs, test, id FROM run, attempt WHERE id = ?1 AND run = id AND verdict <> 'infra' AND ` + whole
)

// noteNewest records that a run has a verdict for some cells: ofCell or ofRun, and
// their arguments.
func noteNewest(ctx context.Context, tx *sql.Tx, cells string, args ...any) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO newest (kernel, fs, test, run) `+cells+`
		ON CONFLICT DO UPDATE SET run = excluded.run WHERE run <> excluded.run AND EXISTS
			(SELECT 1 FROM run AS was, run AS now WHERE was.id = newest.run AND now.id = excluded.run AND (was.started, was.id) < (now.started, now.id))`,
		args...)
	return err
}

// forgetNewest makes the next older run the newest one of the cells of a run
// that is about to be removed.
func forgetNewest(ctx context.Context, tx *sql.Tx, runID string) error {
	const among = ` AND (kernel, fs, test) IN (SELECT kernel, fs, test FROM attempt WHERE run = ?1)`
	if _, err := tx.ExecContext(ctx, `UPDATE newest SET run = coalesce((SELECT older.id FROM run AS older, run AS gone
			WHERE gone.id = ?1 AND (older.started, older.id) < (gone.started, gone.id) AND older.`+whole+` AND EXISTS
				(SELECT 1 FROM attempt AS a WHERE a.run = older.id AND a.kernel = newest.kernel AND a.fs = newest.fs AND a.test = newest.test AND a.verdict <> 'infra')
			ORDER BY older.started DESC, older.id DESC LIMIT 1), '')
		WHERE run = ?1`+among, runID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM newest WHERE run = ''`+among, runID)
	return err
}

// Newest returns, for a test (suite.TestName) and its subtests, the newest
// stored cell of each kernel and filesystem, in the order of reports.
func (s *Store) Newest(ctx context.Context, test string) ([]Seen, error) {
	// "0" is the character after "/".
	return s.newest(ctx, `test = ?1 OR test > ?1 || '/' AND test < ?1 || '0'`, test)
}

// NewestOf returns the newest stored cell of each filesystem and test of a
// kernel, in the order of reports, and the runs that they are of, newest first.
func (s *Store) NewestOf(ctx context.Context, kernel string) ([]results.Cell, []results.Run, error) {
	seen, err := s.newest(ctx, `kernel = ?1`, kernel)
	if err != nil {
		return nil, nil, err
	}
	runs, err := s.runsOf(ctx, seen)
	if err != nil || len(runs) == 0 {
		return nil, nil, err
	}
	// Kernels that were built from the same source for two architectures have a
	// release in common: it is the one that ran last.
	newest := seen[slices.IndexFunc(seen, func(c Seen) bool { return c.Run == runs[0].ID })].Release()
	seen = slices.DeleteFunc(seen, func(c Seen) bool { return !c.Release().SameFlavour(newest) })
	cells := make([]results.Cell, len(seen))
	of := map[string]bool{}
	for i := range seen {
		cells[i] = seen[i].Cell
		of[seen[i].Run] = true
	}
	return cells, slices.DeleteFunc(runs, func(r results.Run) bool { return !of[r.ID] }), nil
}

// setPlatforms sets the platform of each cell to that of the kernel in its run.
func (s *Store) setPlatforms(ctx context.Context, seen []Seen) error {
	recorded := map[string]map[string]results.Kernel{}
	for i := range seen {
		c := &seen[i]
		of, ok := recorded[c.Run]
		if !ok {
			var err error
			if of, err = kernelsOf(ctx, s.read, c.Run); err != nil {
				return err
			}
			recorded[c.Run] = of
		}
		c.Platform = of[c.Kernel].Platform
		for j := range c.Others {
			c.Others[j].Platform = c.Platform
		}
	}
	return nil
}

// runsOf returns the runs of cells, newest first.
func (s *Store) runsOf(ctx context.Context, seen []Seen) ([]results.Run, error) {
	known := map[string]bool{}
	var runs []results.Run
	for _, c := range seen {
		if known[c.Run] {
			continue
		}
		known[c.Run] = true
		r, err := s.oneRun(ctx, ` WHERE id = ?`, c.Run)
		if err != nil {
			return nil, s.explain(err)
		}
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(a, b results.Run) int {
		if c := b.Started.Compare(a.Started); c != 0 {
			return c
		}
		return results.CompareNatural(b.ID, a.ID)
	})
	return runs, nil
}

func (s *Store) newest(ctx context.Context, where, arg string) ([]Seen, error) {
	recorded, err := allKernels(ctx, s.read)
	if err != nil {
		return nil, s.explain(err)
	}
	var cells []results.Cell
	from := map[results.CellKey]string{}
	// The run's id takes the place of the output, which is not wanted here and
	// no part of a cell.
	err = scanCells(ctx, s.read, recorded, func(of []results.Attempt) {
		from[of[0].CellKey] = of[0].Output
		cells = append(cells, results.FromAttempts(of))
	}, `SELECT `+attemptColumns+`, run, '' FROM newest CROSS JOIN attempt USING (run, kernel, fs, test)
		WHERE `+where+` ORDER BY kernel, fs, test, n`, arg)
	if err != nil {
		return nil, s.explain(err)
	}
	results.Sort(cells)
	seen := make([]Seen, len(cells))
	for i, c := range cells {
		seen[i] = Seen{c, from[c.CellKey]}
	}
	return seen, s.explain(s.setPlatforms(ctx, seen))
}

// NewestKernels returns the kernels that have a verdict in some run, those of a
// flavour together and oldest first.
func (s *Store) NewestKernels(ctx context.Context) ([]results.Kernel, error) {
	recorded, err := allKernels(ctx, s.read)
	if err != nil {
		return nil, s.explain(err)
	}
	// As in Kernels, but in all runs.
	rows, err := s.read.QueryContext(ctx, `WITH RECURSIVE k (release) AS (
			SELECT min(kernel) FROM newest
			UNION ALL
			SELECT (SELECT min(kernel) FROM newest WHERE kernel > k.release) FROM k WHERE k.release IS NOT NULL)
		SELECT release FROM k WHERE release IS NOT NULL`)
	if err != nil {
		return nil, s.explain(err)
	}
	releases, err := texts(rows)
	return named(releases, recorded), s.explain(err)
}
