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

// Changes tells whether anything was written into the store, by whatever
// process. Its methods may be called from several goroutines.
type Changes struct {
	store *Store
	conn  *sql.Conn
}

// Changes holds one of the store's connections until it is closed: SQLite
// counts the writes of others by connection.
func (s *Store) Changes(ctx context.Context) (*Changes, error) {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return nil, s.explain(err)
	}
	return &Changes{store: s, conn: conn}, nil
}

// Version is a number that differs from the one before when something was
// written since then. It costs next to nothing.
func (c *Changes) Version(ctx context.Context) (int64, error) {
	var v int64
	err := c.conn.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&v)
	return v, c.store.explain(err)
}

// Close gives the connection back.
func (c *Changes) Close() error { return c.store.explain(c.conn.Close()) }

// Watch follows a run while another process makes it. It is for one goroutine.
type Watch struct {
	store  *Store
	id     string
	counts map[results.Column]int // attempts of each kernel and filesystem
	cells  map[results.CellKey]watched
	tally  results.Tally
}

// watched is what a Watch keeps of a cell.
type watched struct {
	verdict  outcome.Verdict
	outcome  outcome.Outcome
	flaky    bool
	attempts int
	finished time.Time
}

// Progress is what a look at a run found.
type Progress struct {
	results.RunSummary
	// Came are the cells that took an attempt since the look before, in the
	// order of reports. At the first look these are all that there are.
	Came []Arrival
	// Recent counts the cells whose last attempt ended in the minute before the
	// look, or since the run began when that was later; Span is that time. Their
	// quotient is the run's pace.
	Recent int
	Span   time.Duration
}

// Arrival is a cell that took an attempt.
type Arrival struct {
	results.Cell
	Again bool // it had one before
}

// paceWindow is the time over which a run's pace is measured: long enough for
// cells that take several seconds each.
const paceWindow = time.Minute

// Watch follows the run with this id.
func (s *Store) Watch(id string) *Watch {
	return &Watch{store: s, id: id, counts: map[results.Column]int{}, cells: map[results.CellKey]watched{}, tally: results.Count(nil)}
}

// Look reads what is new in the run. What is not is only counted, so that a
// look at a large run in which little happened is cheap. Once there is no such
// run, the error is a *RunError.
func (w *Watch) Look(ctx context.Context, now time.Time) (Progress, error) {
	p, err := w.look(ctx, now)
	return p, w.store.explain(err)
}

func (w *Watch) look(ctx context.Context, now time.Time) (p Progress, err error) {
	// Counts and cells have to be of one moment. Reading waits for nobody and
	// keeps nobody waiting.
	tx, err := w.store.read.BeginTx(ctx, nil)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }() // nothing was written
	r, _, err := scanRun(tx.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run WHERE id = ?`, w.id))
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
		is := watched{c.Verdict, c.Outcome, c.Flaky != "", c.Attempts, c.Finished}
		w.count(was, is)
		w.cells[c.CellKey] = is
		p.Came = append(p.Came, Arrival{c, again})
	}
	p.Tally = w.tally
	p.Verdicts, p.Outcomes = maps.Clone(w.tally.Verdicts), maps.Clone(w.tally.Outcomes)
	w.pace(&p, now)
	return p, nil
}

// changed are the kernels and filesystems with another number of attempts than
// at the look before. Attempts are never changed, and go only with their run.
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
		if c.flaky {
			w.tally.Flaky += n
		}
	}
	add(was, -1)
	add(is, 1)
}

// pace counts the cells of the last minute by when they ended, which does not
// depend on how often somebody looks.
func (w *Watch) pace(p *Progress, now time.Time) {
	p.Span = min(paceWindow, max(0, now.Sub(p.Started)))
	since := now.Add(-p.Span)
	for _, c := range w.cells {
		if c.finished.After(since) && !c.finished.After(now) {
			p.Recent++
		}
	}
}
