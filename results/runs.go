package results

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// NewRunID returns an id for a run that starts at t: sortable by time to the
// millisecond, different for two runs of the same one.
func NewRunID(t time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	t = t.UTC()
	return fmt.Sprintf("%s-%03d%x", t.Format("20060102-150405"), t.Nanosecond()/int(time.Millisecond), b)
}

// RunSummary is a run with what its cells came to.
type RunSummary struct {
	Run
	Tally
	Running bool // it has not finished, and a process is at it
}

// Tally counts cells, under the policy that the run was made with.
type Tally struct {
	Cells    int                     `json:"cells"`
	Verdicts map[outcome.Verdict]int `json:"verdicts"`
	Outcomes map[outcome.Outcome]int `json:"outcomes"`
	Flaky    int                     `json:"flaky"`
	// How many of them stand otherwise to what the user expects than their
	// verdict says. A stored tally knows no expectations.
	ExpectedFail   int `json:"expected_fail"`
	UnexpectedPass int `json:"unexpected_pass"`
}

// Count counts cells.
func Count(cells []Cell) Tally {
	t := Tally{Cells: len(cells), Verdicts: map[outcome.Verdict]int{}, Outcomes: map[outcome.Outcome]int{}}
	for i := range cells {
		t.Verdicts[cells[i].Verdict]++
		if cells[i].Outcome != outcome.None {
			t.Outcomes[cells[i].Outcome]++
		}
		if cells[i].Flaky != "" {
			t.Flaky++
		}
		switch cells[i].Standing {
		case ExpectedFail:
			t.ExpectedFail++
		case UnexpectedPass:
			t.UnexpectedPass++
		}
	}
	return t
}

// Bad is how many cells make the run fail.
func (t Tally) Bad() int {
	n := -t.ExpectedFail
	for v, k := range t.Verdicts {
		if v.Bad() {
			n += k
		}
	}
	return n
}

// RunError says that a reference names no run, or more than one.
type RunError struct {
	Ref       string
	Ambiguous bool
	Known     []string // candidates: what it could mean, or the newest runs
}

// Error names what the reference could have meant.
func (e *RunError) Error() string {
	switch {
	case e.Ambiguous:
		return fmt.Sprintf("run %q is ambiguous: %s", e.Ref, strings.Join(e.Known, ", "))
	case strings.HasPrefix(e.Ref, "@"):
		return fmt.Sprintf("no run %q: splicelab results baseline RUN makes a run the baseline", e.Ref)
	case len(e.Known) == 0:
		return fmt.Sprintf("no run %q: the store holds no runs yet", e.Ref)
	}
	return fmt.Sprintf("no run %q: use latest, latest~1, a date, @baseline, or one of %s", e.Ref, strings.Join(e.Known, ", "))
}

const runColumns = `id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally, paused`

// Runs returns every run, newest first.
func (s *Store) Runs(ctx context.Context) ([]RunSummary, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run ORDER BY started DESC, id DESC`)
	if err != nil {
		return nil, s.explain(err)
	}
	var runs []RunSummary
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
		runs[i].Tally = Count(cells)
	}
	return runs, s.sayRunning(runs)
}

// Run returns the run that ref names: an id, a prefix that only one id has,
// "latest", or "latest~N" for the N-th before it, "@" and the name of a mark,
// or a date, 2006-01-02 or 2006-01-02T15:04 in local time, for the newest run
// that had started by then. The error is a *RunError when ref names none or
// several.
func (s *Store) Run(ctx context.Context, ref string) (Run, error) {
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
			return Run{}, s.unknownRun(ctx, ref)
		}
		return r, s.explain(err)
	}
	r, err := s.oneRun(ctx, ` WHERE id = ?`, ref)
	if !errors.Is(err, sql.ErrNoRows) {
		return r, s.explain(err)
	}
	ids, err := s.ids(ctx, ` WHERE substr(id, 1, length(?1)) = ?1 AND ?1 <> '' ORDER BY started DESC, id DESC LIMIT 8`, ref)
	if err != nil {
		return Run{}, err
	}
	switch len(ids) {
	case 0:
		return Run{}, s.unknownRun(ctx, ref)
	case 1:
		r, err := s.oneRun(ctx, ` WHERE id = ?`, ids[0])
		return r, s.explain(err)
	}
	return Run{}, &RunError{Ref: ref, Ambiguous: true, Known: ids}
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

// untilDate parses a date, and returns the end of that day or minute.
func untilDate(ref string) (until time.Time, ok bool) {
	if t, err := time.ParseInLocation("2006-01-02", ref, time.Local); err == nil {
		return t.AddDate(0, 0, 1), true
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", ref, time.Local)
	return t.Add(time.Minute), err == nil
}

// unknownRun is the error for a ref that names no run.
func (s *Store) unknownRun(ctx context.Context, ref string) error {
	ids, err := s.ids(ctx, ` ORDER BY started DESC, id DESC LIMIT 3`)
	if err != nil {
		return err
	}
	return &RunError{Ref: ref, Known: ids}
}

func (s *Store) oneRun(ctx context.Context, where string, args ...any) (Run, error) {
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

// scanRun reads runColumns; counted tells whether the tally was stored.
func scanRun(row interface{ Scan(...any) error }) (r RunSummary, counted bool, err error) {
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
	return r, true, nil
}
