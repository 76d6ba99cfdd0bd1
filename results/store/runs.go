package store

import (
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

const runColumns = `id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally, paused`

// Runs returns every run, newest first.
func (s *Store) Runs(ctx context.Context) ([]results.RunSummary, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, s.explain(err)
	}
	var runs []results.RunSummary
	var counted []bool
	for rows.Next() {
		r, ok, err := scanRun(rows)
		if err != nil {
			return nil, errors.Join(s.explain(err), rows.Close())
		}
		runs, counted = append(runs, r), append(counted, ok)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, s.explain(err)
	}
	for i := range runs {
		if counted[i] {
			continue
		}
		cells, err := s.Cells(ctx, runs[i].ID)
		if err != nil {
			return nil, err
		}
		runs[i].Tally = results.Count(cells)
	}
	return runs, s.setRunning(runs)
}

// Run returns the run that ref names: an id, a prefix that only one id has,
// "latest", or "latest~N" for the N-th before it, "@" and the name of a mark,
// or a date, 2006-01-02 or 2006-01-02T15:04 in local time, for the newest run
// that had started by then. The error is a *RunError if ref matches no run or
// several.
func (s *Store) Run(ctx context.Context, ref string) (results.Run, error) {
	where, arg := "", any(nil)
	if back, ok := latest(ref); ok {
		where, arg = ` ORDER BY started DESC, id DESC LIMIT 1 OFFSET ?`, back
	} else if name, ok := strings.CutPrefix(ref, "@"); ok {
		where, arg = ` WHERE id = (SELECT run FROM mark WHERE name = ?)`, name
	} else if until, ok := untilDate(ref); ok {
		where, arg = ` WHERE started < ? ORDER BY started DESC, id DESC LIMIT 1`, nanos(until)
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
	ids, err := s.ids(ctx, ` ORDER BY started DESC, id DESC LIMIT 3`)
	if err != nil {
		return err
	}
	return &results.RunError{Ref: ref, Known: ids}
}

func (s *Store) oneRun(ctx context.Context, where string, args ...any) (results.Run, error) {
	r, _, err := scanRun(s.read.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run`+where, args...))
	return r.Run, err
}

func (s *Store) ids(ctx context.Context, where string, args ...any) (ids []string, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM run`+where, args...)
	if err != nil {
		return nil, s.explain(err)
	}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, errors.Join(s.explain(err), rows.Close())
		}
		ids = append(ids, id)
	}
	return ids, s.explain(errors.Join(rows.Err(), rows.Close()))
}

// scanRun reads runColumns; counted reports whether the tally is stored.
func scanRun(row interface{ Scan(...any) error }) (r results.RunSummary, counted bool, err error) {
	var started, finished int64
	var seed, command, conditions, tally string
	if err := row.Scan(&r.ID, &started, &finished, &r.Policy, &r.Accel, &seed, &command, &conditions, &r.Planned, &r.Problem, &tally, &r.Paused); err != nil {
		return r, false, err
	}
	r.Started, r.Finished = instant(started), instant(finished)
	if r.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		return r, false, fmt.Errorf("run %s: its seed: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(command), &r.Command); err != nil {
		return r, false, fmt.Errorf("run %s: its command: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(conditions), &r.Conditions); err != nil {
		return r, false, fmt.Errorf("run %s: its conditions: %w", r.ID, err)
	}
	if tally == "" {
		return r, false, nil
	}
	if err := json.Unmarshal([]byte(tally), &r.Tally); err != nil {
		return r, false, fmt.Errorf("run %s: its counts: %w", r.ID, err)
	}
	// Tallies stored by releases before there were classes have none: count again.
	return r, r.Tally.Classes != nil, nil
}
