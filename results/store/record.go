package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// ErrConflict is wrapped by the error for recording different content under an
// existing key: a result never changes.
var ErrConflict = errors.New("already recorded with different content")

// BeginRun records the start of a run, before its attempts. Repeating it with the
// same content is harmless.
func (s *Store) BeginRun(ctx context.Context, r results.Run) error {
	if r.ID == "" || sanitize.Line(r.ID) != r.ID {
		return fmt.Errorf("run id %q: must be one printable line", r.ID)
	}
	command, err := json.Marshal(append([]string{}, r.Command...))
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		if added, err := insertRun(ctx, tx, r, string(command)); err != nil || added {
			return err
		}
		var started int64
		var seed, cmd string
		if err := tx.QueryRowContext(ctx, `SELECT started, seed, command FROM run WHERE id = ?`, r.ID).Scan(&started, &seed, &cmd); err != nil {
			return err
		}
		if started != nanos(r.Started) || seed != strconv.FormatUint(r.Seed, 10) || cmd != string(command) {
			return fmt.Errorf("run %s: %w", r.ID, ErrConflict)
		}
		return nil
	})
}

// insertRun adds an unfinished run unless its id exists.
func insertRun(ctx context.Context, tx *sql.Tx, r results.Run, command string) (added bool, err error) {
	conditions, err := encodeMap(r.Conditions)
	if err != nil {
		return false, err
	}
	filesystems, err := json.Marshal(append([]string{}, r.Selected.Filesystems...))
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO run (id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally, paused,
			origin, filesystems, tests)
			VALUES (?,?,0,?,?,?,?,?,?,?,'',0,?,?,?) ON CONFLICT DO NOTHING`,
		r.ID, nanos(r.Started), string(r.Policy), sanitize.Line(r.Accel), strconv.FormatUint(r.Seed, 10),
		command, conditions, r.Planned, sanitize.Line(r.Problem), string(cmp.Or(r.Origin, results.OriginUser)), string(filesystems), sanitize.Line(r.Selected.Tests))
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return false, err
	}
	for _, k := range r.Kernels {
		if err := putKernel(ctx, tx, r.ID, k); err != nil {
			return false, err
		}
	}
	return true, addPlan(ctx, tx, r)
}

// SetCondition adds one of the run's Conditions, for what is unknown when the
// run starts.
func (s *Store) SetCondition(ctx context.Context, id, name, value string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if _, err := openRun(ctx, tx, id); err != nil {
			return err
		}
		var text string
		if err := tx.QueryRowContext(ctx, `SELECT conditions FROM run WHERE id = ?`, id).Scan(&text); err != nil {
			return err
		}
		conditions := map[string]string{}
		if err := json.Unmarshal([]byte(text), &conditions); err != nil {
			return fmt.Errorf("conditions of run %s: %w", id, err)
		}
		conditions[name] = value
		text, err := encodeMap(conditions)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE run SET conditions = ? WHERE id = ?`, text, id)
		return err
	})
}

// FinishRun records the end of a run. problem says why its results cannot be
// trusted; empty if they can. A finished run accepts no more attempts.
func (s *Store) FinishRun(ctx context.Context, id string, finished time.Time, problem string) error {
	if finished.IsZero() {
		return fmt.Errorf("run %s: no finish time", id)
	}
	problem = sanitize.Line(problem)
	return s.change(ctx, func(tx *sql.Tx) error {
		done, err := openRun(ctx, tx, id)
		if err != nil {
			return err
		}
		if done != 0 {
			var was string
			if err := tx.QueryRowContext(ctx, `SELECT problem FROM run WHERE id = ?`, id).Scan(&was); err != nil {
				return err
			}
			if done == nanos(finished) && was == problem {
				return nil
			}
			return fmt.Errorf("the end of run %s: %w", id, ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE run SET finished = ?, problem = ? WHERE id = ?`, nanos(finished), problem, id); err != nil {
			return err
		}
		tally, err := countCells(ctx, tx, id)
		if err != nil {
			return err
		}
		return putTally(ctx, tx, id, nanos(finished), tally)
	})
}

// AddAttempt records an attempt and returns once it is on disk. It gives an
// attempt with N = 0 the next number of its cell, in the same transaction, and
// sets a.N. Texts are sanitized and bounded (see sanitize.Text) in what is
// stored, not in a. Repeating the call with the number is harmless; a different
// attempt with the same run, cell and number is ErrConflict.
func (s *Store) AddAttempt(ctx context.Context, runID string, a *results.Attempt) error {
	safe := results.SafeAttempt(*a)
	if err := check(safe); err != nil {
		return fmt.Errorf("run %s: %w", runID, err)
	}
	covariates, err := encodeMap(safe.Covariates)
	if err != nil {
		return err
	}
	var n int
	insert := func(tx *sql.Tx) (err error) {
		if n, err = insertAttempt(ctx, tx, runID, safe, covariates); err != nil || safe.Verdict == outcome.Infra {
			return err
		}
		return noteNewest(ctx, tx, ofCell, runID, safe.Kernel, safe.FS, safe.Test)
	}
	// In the common case the attempt is new and the run open: two statements suffice.
	err = s.change(ctx, insert)
	if errors.Is(err, errNotInserted) {
		err = s.change(ctx, func(tx *sql.Tx) error {
			finished, err := openRun(ctx, tx, runID)
			if err != nil {
				return err
			}
			switch known, err := sameAttempt(ctx, tx, runID, safe, covariates); {
			case err != nil:
				return err
			case known:
				n = safe.N
				return nil
			case finished != 0:
				return fmt.Errorf("run %s has finished: it accepts no attempt at %s", runID, safe.CellKey)
			}
			// The obstacle is gone in the meantime.
			return insert(tx)
		})
	}
	if err == nil {
		a.N = n
	}
	return err
}

// errNotInserted: the run is not open, or has an attempt with that number.
var errNotInserted = errors.New("the attempt cannot be recorded")

// insertAttempt records an attempt in a run that is open, and returns its
// number: a.N, or the next of the cell if that is 0.
func insertAttempt(ctx context.Context, tx *sql.Tx, runID string, a results.Attempt, covariates string) (n int, err error) {
	var log sql.NullInt64
	if a.Output != "" || a.Console != "" {
		res, err := tx.ExecContext(ctx, `INSERT INTO log (output, console) VALUES (?,?)`, a.Output, a.Console)
		if err != nil {
			return 0, err
		}
		if log.Int64, err = res.LastInsertId(); err != nil {
			return 0, err
		}
		log.Valid = true
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO attempt (run, kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates, log,
			queue, spawn, restore, boot, agent, testing, collect)
		SELECT id, ?2, ?3, ?4,
			CASE ?5 WHEN 0 THEN 1 + coalesce((SELECT max(n) FROM attempt WHERE run = ?1 AND kernel = ?2 AND fs = ?3 AND test = ?4), 0) ELSE ?5 END,
			?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20
			FROM run WHERE id = ?1 AND finished = 0
		ON CONFLICT DO NOTHING RETURNING n`,
		runID, a.Kernel, a.FS, a.Test, a.N, string(a.Verdict), string(a.Outcome), string(a.Kind), a.Detail,
		int64(a.Duration), nanos(a.Finished), covariates, log,
		a.Timing.Queue, a.Timing.Spawn, a.Timing.Restore, a.Timing.Boot, a.Timing.Agent, a.Timing.Test, a.Timing.Collect).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errNotInserted
	}
	return n, err
}

// change runs f in a write transaction, which is durable when change returns nil.
func (s *Store) change(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(err)
	}
	if err := f(tx); err != nil {
		return errors.Join(s.explain(err), ignoreDone(tx.Rollback()))
	}
	return s.explain(tx.Commit())
}

// openRun returns when run id finished, 0 if it has not, or a *results.RunError if
// there is no such run.
func openRun(ctx context.Context, tx *sql.Tx, id string) (finished int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT finished FROM run WHERE id = ?`, id).Scan(&finished)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &results.RunError{Ref: id}
	}
	return finished, err
}

// sameAttempt reports whether a is already recorded. The error is ErrConflict if
// its key has different content.
func sameAttempt(ctx context.Context, tx *sql.Tx, runID string, a results.Attempt, covariates string) (bool, error) {
	var was results.Attempt
	var wasCovariates string
	var finished int64
	err := tx.QueryRowContext(ctx, `SELECT verdict, outcome, kind, detail, duration, finished, covariates,
			coalesce(output,''), coalesce(console,'') FROM attempt LEFT JOIN log ON log.id = attempt.log
			WHERE run = ? AND kernel = ? AND fs = ? AND test = ? AND n = ?`,
		runID, a.Kernel, a.FS, a.Test, a.N).Scan(&was.Verdict, &was.Outcome, &was.Kind, &was.Detail,
		&was.Duration, &finished, &wasCovariates, &was.Output, &was.Console)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case was.Verdict == a.Verdict && was.Outcome == a.Outcome && was.Kind == a.Kind && was.Detail == a.Detail &&
		was.Duration == a.Duration && finished == nanos(a.Finished) && wasCovariates == covariates &&
		was.Output == a.Output && was.Console == a.Console:
		return true, nil
	}
	return false, fmt.Errorf("run %s: attempt %d at %s: %w (%s %s before, %s %s now)", runID, a.N, a.CellKey, ErrConflict,
		was.Verdict, was.Outcome, a.Verdict, a.Outcome)
}

// check returns an error if a cannot be recorded.
func check(a results.Attempt) error {
	switch {
	case a.Kernel == "" || a.FS == "" || a.Test == "":
		return fmt.Errorf("attempt at %q: kernel, filesystem and test are required", a.CellKey)
	case a.N < 0:
		return fmt.Errorf("attempt %d at %s: attempts are numbered from 1", a.N, a.CellKey)
	case !slices.Contains(outcome.Verdicts, a.Verdict):
		return fmt.Errorf("attempt %d at %s: unknown verdict %q", a.N, a.CellKey, a.Verdict)
	}
	return nil
}

// encodeMap encodes m as a JSON object, never null, with sorted keys.
func encodeMap(m map[string]string) (string, error) {
	if len(m) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(m)
	return string(b), err
}

// nanos is t as it is stored: nanoseconds since the epoch, 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// instant undoes nanos.
func instant(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
