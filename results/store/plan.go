package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/splicelab/splicelab/results"
)

// This file stores what the lab needs to resume a run.

// addPlan stores the plan of a new run.
func addPlan(ctx context.Context, tx *sql.Tx, r results.Run) error {
	if r.Plan == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO plan (run, document) VALUES (?,?)`, r.ID, r.Plan)
	return err
}

// Plan returns the run's Plan as stored by BeginRun; empty if there is none, as
// for runs of versions that stored no plans. ended reports that none of its
// cells is pending.
func (s *Store) Plan(ctx context.Context, id string) (plan string, ended bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT document, ended FROM plan WHERE run = ?`, id).Scan(&plan, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return plan, ended, s.explain(err)
}

// EndPlan records that no cell of the run's plan is pending. Call it before
// FinishRun: a run that is killed in between only has to be finished.
func (s *Store) EndPlan(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE plan SET ended = 1 WHERE run = ?`, id)
		return err
	})
}

// Unfinished returns the runs with pending cells in their plan, newest first:
// those that were stopped or killed, and those that are running (see Running).
func (s *Store) Unfinished(ctx context.Context) ([]results.Run, error) {
	ids, err := s.ids(ctx, ` JOIN plan ON plan.run = run.id WHERE finished = 0 OR NOT ended ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, err
	}
	runs := make([]results.Run, len(ids))
	for i, id := range ids {
		if runs[i], err = s.oneRun(ctx, ` WHERE id = ?`, id); err != nil {
			return nil, s.explain(err)
		}
	}
	return runs, nil
}

// ResumeRun reopens a run that finished or was killed: it accepts attempts until
// FinishRun. The time since it finished, or since its last attempt if it did not,
// is added to Paused.
func (s *Store) ResumeRun(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := openRun(ctx, tx, id); err != nil {
			return err
		}
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT max(started, finished, coalesce((SELECT max(finished) FROM attempt WHERE run = ?1), 0))
			FROM run WHERE id = ?1`, id).Scan(&last); err != nil {
			return err
		}
		// The clock may have been set back.
		pause := max(0, nanos(time.Now())-last)
		if _, err := tx.ExecContext(ctx, `UPDATE run SET finished = 0, problem = '', tally = '', paused = paused + ? WHERE id = ?`, pause, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE plan SET ended = 0 WHERE run = ?`, id)
		return err
	})
}
