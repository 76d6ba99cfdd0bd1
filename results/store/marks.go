package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Mark gives a run a name, taking it from any other run. "@" and the name then
// refer to the run.
func (s *Store) Mark(ctx context.Context, name, id string) error {
	if name == "" || sanitize.Line(name) != name {
		return fmt.Errorf("mark %q: must be one printable line", name)
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := openRun(ctx, tx, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO mark (name, run) VALUES (?,?) ON CONFLICT DO UPDATE SET run = excluded.run`, name, id)
		return err
	})
}

// Marks returns the marks of runs, by run.
func (s *Store) Marks(ctx context.Context) (map[string][]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT run, name FROM mark ORDER BY name`)
	if err != nil {
		return nil, s.explain(err)
	}
	marks := map[string][]string{}
	for rows.Next() {
		var run, name string
		if err := rows.Scan(&run, &name); err != nil {
			return nil, errors.Join(s.explain(err), rows.Close())
		}
		marks[run] = append(marks[run], name)
	}
	return marks, s.explain(errors.Join(rows.Err(), rows.Close()))
}

// Prune removes the runs that started before a time, and returns their ids. It
// keeps runs with a mark, and unfinished ones with an attempt since then.
func (s *Store) Prune(ctx context.Context, before time.Time) (removed []string, err error) {
	old, err := s.Prunable(ctx, before)
	if err != nil {
		return nil, err
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	// Without an index, SQLite would scan all attempts for each deleted log.
	// All references except marks are deleted first.
	if _, err := conn.ExecContext(ctx, `PRAGMA foreign_keys = 0`); err != nil {
		return nil, errors.Join(s.explain(err), conn.Close())
	}
	defer func() {
		_, on := conn.ExecContext(context.WithoutCancel(ctx), `PRAGMA foreign_keys = 1`)
		err = errors.Join(err, s.explain(on), conn.Close())
	}()
	for _, id := range old {
		gone, err := removeRun(ctx, conn, id)
		if err != nil {
			return removed, s.explain(err)
		}
		if gone {
			removed = append(removed, id)
		}
	}
	return removed, nil
}

// removeRun removes a run unless it has been marked in the meantime. Each is a
// separate transaction, so that others can write in between.
func removeRun(ctx context.Context, conn *sql.Conn, id string) (gone bool, err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	var marks int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM mark WHERE run = ?`, id).Scan(&marks); err != nil || marks > 0 {
		return false, err
	}
	if err := forgetNewest(ctx, tx, id); err != nil {
		return false, err
	}
	for _, q := range []string{
		`DELETE FROM log WHERE id IN (SELECT log FROM attempt WHERE run = ?)`,
		`DELETE FROM attempt WHERE run = ?`,
		`DELETE FROM plan WHERE run = ?`,
		`DELETE FROM kernel WHERE run = ?`,
		`DELETE FROM run WHERE id = ?`,
	} {
		if _, err := tx.ExecContext(ctx, q, id); err != nil {
			return false, err
		}
	}
	return true, tx.Commit()
}
