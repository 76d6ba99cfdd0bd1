package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/results"
)

const runColumns = `id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally, paused, origin, filesystems, tests, ` + pending

// pending is a condition for runs with planned cells that have not run. A run
// that was interrupted has a finish time, but its plan has not ended.
const pending = `(finished = 0 OR EXISTS (SELECT 1 FROM plan WHERE plan.run = run.id AND NOT ended))`

// whole is a condition for runs that are no steps: see results.Origin.Step.
const whole = `origin IN ('user', 'nightly', 'import')`

// Runs returns every run with its kernels, newest first. The Tally of a run
// that has not finished, or of an older version, has no Classes: see Count.
func (s *Store) Runs(ctx context.Context) ([]results.RunSummary, error) {
	runs, err := s.summaries(ctx, ` ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, err
	}
	kernels, err := s.plannedKernels(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	for i := range runs {
		runs[i].Kernels = kernels[runs[i].ID]
	}
	return runs, s.setRunning(runs)
}

func (s *Store) summaries(ctx context.Context, where string, args ...any) (runs []results.RunSummary, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run`+where, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, errors.Join(s.explain(err), rows.Close())
		}
		runs = append(runs, r)
	}
	return runs, s.explain(errors.Join(rows.Err(), rows.Close()))
}

// Run returns the run that ref names: an id, a prefix that only one id has,
// "@" and the name of a mark, or one of these, of runs that are no steps (see
// results.Origin.Step): "latest", the newest without pending cells; "latest~N",
// the N-th before it; a date, 2006-01-02 or 2006-01-02T15:04 in local time, for
// the newest of them that had started by then; "unfinished", the newest with
// pending cells. The error is a *RunError if ref matches no run or several.
func (s *Store) Run(ctx context.Context, ref string) (results.Run, error) {
	where, arg := "", any(nil)
	if back, ok := latest(ref); ok {
		where, arg = ` WHERE `+whole+` AND NOT `+pending+` ORDER BY started DESC, id DESC LIMIT 1 OFFSET ?`, back
	} else if ref == "unfinished" {
		where, arg = ` WHERE `+whole+` AND `+pending+` ORDER BY started DESC, id DESC LIMIT ?`, 1
	} else if name, ok := strings.CutPrefix(ref, "@"); ok {
		where, arg = ` WHERE id = (SELECT run FROM mark WHERE name = ?)`, name
	} else if until, ok := untilDate(ref); ok {
		where, arg = ` WHERE `+whole+` AND NOT `+pending+` AND started < ? ORDER BY started DESC, id DESC LIMIT 1`, nanos(until)
	}
	if where != "" {
		r, err := s.oneRun(ctx, where, arg)
		if errors.Is(err, sql.ErrNoRows) {
			return results.Run{}, s.unknownRun(ctx, ref)
		}
		return r, s.explain(err)
	}
	r, err := s.oneRun(ctx, ` WHERE id = ?`, ref)
	if !errors.Is(err, sql.ErrNoRows) {
		return r, s.explain(err)
	}
	ids, err := s.ids(ctx, ` WHERE substr(id, 1, length(?1)) = ?1 AND ?1 <> '' ORDER BY started DESC, id DESC LIMIT 8`, ref)
	if err != nil {
		return results.Run{}, err
	}
	switch len(ids) {
	case 0:
		return results.Run{}, s.unknownRun(ctx, ref)
	case 1:
		r, err := s.oneRun(ctx, ` WHERE id = ?`, ids[0])
		return r, s.explain(err)
	}
	return results.Run{}, &results.RunError{Ref: ref, Ambiguous: true, Known: ids}
}

// latest parses "latest" and "latest~N".
func latest(ref string) (back int, ok bool) {
	rest, ok := strings.CutPrefix(ref, "latest")
	if !ok || rest == "" {
		return 0, ok
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(rest, "~"), 10, 31)
	return int(n), err == nil && rest[0] == '~'
}

// untilDate parses a date and returns the end of that day or minute.
func untilDate(ref string) (until time.Time, ok bool) {
	if t, err := time.ParseInLocation("2006-01-02", ref, time.Local); err == nil {
		return t.AddDate(0, 0, 1), true
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", ref, time.Local)
	return t.Add(time.Minute), err == nil
}

// unknownRun is the error for a ref without a run.
func (s *Store) unknownRun(ctx context.Context, ref string) error {
	ids, err := s.ids(ctx, ` ORDER BY `+whole+` DESC, started DESC, id DESC LIMIT 3`)
	if err != nil {
		return err
	}
	return &results.RunError{Ref: ref, Known: ids}
}

// NewestRun returns the newest run that is no step, whatever its state.
func (s *Store) NewestRun(ctx context.Context) (results.Run, error) {
	r, err := s.oneRun(ctx, ` WHERE `+whole+` ORDER BY started DESC, id DESC LIMIT 1`)
	if errors.Is(err, sql.ErrNoRows) {
		return r, s.unknownRun(ctx, "latest")
	}
	return r, s.explain(err)
}

func (s *Store) oneRun(ctx context.Context, where string, args ...any) (results.Run, error) {
	r, err := scanRun(s.read.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run`+where, args...))
	return r.Run, err
}

func (s *Store) ids(ctx context.Context, where string, args ...any) (ids []string, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM run`+where, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	ids, err = texts(rows)
	return ids, s.explain(err)
}

// texts reads rows of one text, and closes them.
func texts(rows *sql.Rows) (all []string, err error) {
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		all = append(all, one)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// scanRun reads runColumns.
func scanRun(row interface{ Scan(...any) error }) (r results.RunSummary, err error) {
	var started, finished int64
	var seed, command, conditions, tally, filesystems string
	if err := row.Scan(&r.ID, &started, &finished, &r.Policy, &r.Accel, &seed, &command, &conditions, &r.Planned, &r.Problem, &tally, &r.Paused,
		&r.Origin, &filesystems, &r.Selected.Tests, &r.Pending); err != nil {
		return r, err
	}
	r.Started, r.Finished = instant(started), instant(finished)
	if r.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		return r, fmt.Errorf("run %s: its seed: %w", r.ID, err)
	}
	for _, column := range []struct {
		name, text string
		v          any
	}{
		{"command", command, &r.Command}, {"conditions", conditions, &r.Conditions},
		{"filesystems", filesystems, &r.Selected.Filesystems}, {"counts", cmp.Or(tally, "{}"), &r.Tally},
	} {
		if err := json.Unmarshal([]byte(column.text), column.v); err != nil {
			return r, fmt.Errorf("run %s: its %s: %w", r.ID, column.name, err)
		}
	}
	if len(r.Selected.Filesystems) == 0 {
		r.Selected.Filesystems = nil
	}
	return r, nil
}
