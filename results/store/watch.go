package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Changes reports whether any process has written to the store. It is safe for
// concurrent use.
type Changes struct {
	store *Store
	conn  *sql.Conn
}

// Changes holds one of the store's connections until it is closed: SQLite counts
// the writes of others per connection.
func (s *Store) Changes(ctx context.Context) (*Changes, error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	return &Changes{store: s, conn: conn}, nil
}

// Version is a number that changes with every write by another connection. It is
// cheap.
func (c *Changes) Version(ctx context.Context) (int64, error) {
	var v int64
	err := c.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v)
	return v, c.store.explain(err)
}

// Close releases the connection.
func (c *Changes) Close() error { return c.store.explain(c.conn.Close()) }

// Watch follows a run that another process executes. It is not safe for
// concurrent use.
type Watch struct {
	store  *Store
	id     string
	counts map[results.Column]int // attempts of each kernel and filesystem
	cells  map[results.CellKey]watched
	tally  results.Tally
}

// watched is what a Watch caches of a cell.
type watched struct {
	verdict  outcome.Verdict
	outcome  outcome.Outcome
	class    outcome.Class
	flaky    bool
	attempts int
	finished time.Time
}

// Progress is the state of a run and what is new in it.
type Progress struct {
	results.RunSummary
	// Came are the cells with a new attempt since the last Look, in the order
	// of reports. The first Look returns all cells.
	Came []Arrival
	// Recent counts the cells whose last attempt finished in the last minute,
	// or since the run started if that is less; Span is that time. Recent/Span
	// is the pace of the run.
	Recent int
	Span   time.Duration
	// Live is what the run's process reports; nil if it does not.
	Live *results.Live
}

// Arrival is a cell with a new attempt.
type Arrival struct {
	results.Cell
	Again bool // it had an attempt before
}

// paceWindow is the interval over which the pace is measured: long enough for
// cells of several seconds.
const paceWindow = time.Minute

// Watch follows the run with this id.
func (s *Store) Watch(id string) *Watch {
	return &Watch{store: s, id: id, counts: map[results.Column]int{}, cells: map[results.CellKey]watched{}, tally: results.Count(nil)}
}

// Look reads what is new in the run. Everything else is only counted, so that a
// Look at a large run with few changes is cheap. The error is a
// *results.RunError if the run no longer exists.
func (w *Watch) Look(ctx context.Context, now time.Time) (Progress, error) {
	p, err := w.look(ctx, now)
	return p, w.store.explain(err)
}

func (w *Watch) look(ctx context.Context, now time.Time) (p Progress, err error) {
	// Counts and cells must be from one snapshot. Readers and writers do not
	// block each other.
	tx, err := w.store.read.BeginTx(ctx, nil)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }() // nothing was written
	r, err := scanRun(tx.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run WHERE id = ?`, w.id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, &results.RunError{Ref: w.id}
	}
	if err != nil {
		return p, err
	}
	p.Run = r.Run
	changed, err := w.changed(ctx, tx)
	if err != nil {
		return p, err
	}
	var came []results.Cell
	for col, n := range changed {
		attempts, err := readAttempts(ctx, tx, `SELECT `+attemptColumns+`,
			'', '' FROM attempt WHERE run = ? AND kernel = ? AND fs = ? ORDER BY test, n`, w.id, col.Kernel, col.FS)
		if err != nil {
			return p, err
		}
		for len(attempts) > 0 {
			n := 1
			for n < len(attempts) && attempts[n].CellKey == attempts[0].CellKey {
				n++
			}
			if w.cells[attempts[0].CellKey].attempts != n {
				came = append(came, results.FromAttempts(attempts[:n:n]))
			}
			attempts = attempts[n:]
		}
		w.counts[col] = n
	}
	results.Sort(came)
	for _, c := range came {
		was, again := w.cells[c.CellKey]
		is := watched{c.Verdict, c.Outcome, c.Class(), c.Flaky != "", c.Attempts, c.Finished}
		w.count(was, is)
		w.cells[c.CellKey] = is
		p.Came = append(p.Came, Arrival{c, again})
	}
	p.Tally = w.tally
	p.Verdicts, p.Outcomes, p.Classes = maps.Clone(w.tally.Verdicts), maps.Clone(w.tally.Outcomes), maps.Clone(w.tally.Classes)
	w.pace(&p, now)
	if l, ok := w.store.Live(w.id, now); ok {
		p.Live = &l
	}
	return p, nil
}

// changed returns the kernels and filesystems whose number of attempts changed.
// Attempts never change, and are removed only with their run.
func (w *Watch) changed(ctx context.Context, tx *sql.Tx) (map[results.Column]int, error) {
	rows, err := tx.QueryContext(ctx, `SELECT kernel, fs, count(*) FROM attempt WHERE run = ? GROUP BY kernel, fs`, w.id)
	if err != nil {
		return nil, err
	}
	changed := map[results.Column]int{}
	for rows.Next() {
		var col results.Column
		var n int
		if err := rows.Scan(&col.Kernel, &col.FS, &n); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		if w.counts[col] != n {
			changed[col] = n
		}
	}
	return changed, errors.Join(rows.Err(), rows.Close())
}

// count replaces one cell in the tally.
func (w *Watch) count(was, is watched) {
	add := func(c watched, n int) {
		if c.attempts == 0 {
			return
		}
		w.tally.Cells += n
		if w.tally.Verdicts[c.verdict] += n; w.tally.Verdicts[c.verdict] == 0 {
			delete(w.tally.Verdicts, c.verdict)
		}
		if c.outcome != outcome.None {
			if w.tally.Outcomes[c.outcome] += n; w.tally.Outcomes[c.outcome] == 0 {
				delete(w.tally.Outcomes, c.outcome)
			}
		}
		if w.tally.Classes[c.class] += n; w.tally.Classes[c.class] == 0 {
			delete(w.tally.Classes, c.class)
		}
		if c.flaky {
			w.tally.Flaky += n
		}
	}
	add(was, -1)
	add(is, 1)
}

// pace counts by the finish times of cells, so it does not depend on how often
// Look is called.
func (w *Watch) pace(p *Progress, now time.Time) {
	p.Span = min(paceWindow, max(0, now.Sub(p.Started)))
	since := now.Add(-p.Span)
	for _, c := range w.cells {
		if c.finished.After(since) && !c.finished.After(now) {
			p.Recent++
		}
	}
}
