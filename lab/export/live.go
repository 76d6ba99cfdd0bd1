package export

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format"
	"github.com/splicelab/splicelab/results/store"
)

// liveFormat is the format that is written while a run goes on: one document for
// each event, so that others can follow.
const liveFormat = "test2json"

// Live writes a report while its run goes on. It implements lab.Observer.
type Live struct {
	ctx   context.Context
	store *store.Store
	judge func([]results.Cell, outcome.Policy)
	file  File
	out   io.Writer // standard output

	mu     sync.Mutex
	run    string
	policy outcome.Policy
	to     io.Writer
	w      *format.LiveTest2JSON
	wrote  map[results.CellKey]bool
	err    error
	closed bool
}

// Follow returns what writes the reports that can be written while a run goes on.
// judge applies the user's expectations. Write ends
// them.
func (r *Reports) Follow(ctx context.Context, s *store.Store, judge func([]results.Cell, outcome.Policy)) *Live {
	l := &Live{ctx: context.WithoutCancel(ctx), store: s, judge: judge, out: r.stdout}
	for i := range r.files {
		if r.files[i].format == liveFormat {
			l.file, r.files[i].live = r.files[i].file, l
		}
	}
	return l
}

// Event implements lab.Observer.
func (l *Live) Event(e sched.Event) {
	if l.file == "" || e.Kind != sched.Planned && e.Kind != sched.Settled {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil || l.closed: // end reports it
	case e.Kind == sched.Planned:
		l.err = l.begin(e)
	default:
		l.err = l.cell(e.Cell)
	}
}

// begin opens the file: not before there is a run, so that one that does not
// begin leaves the last report alone.
func (l *Live) begin(e sched.Event) error {
	run, err := l.store.Run(l.ctx, e.Run)
	if err != nil {
		return err
	}
	l.run, l.policy, l.to, l.wrote = run.ID, run.Policy, l.out, map[results.CellKey]bool{}
	if l.file != Stdout {
		if l.to, err = os.OpenFile(string(l.file), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666); err != nil {
			return err
		}
	}
	l.w = format.NewLiveTest2JSON(l.to, run, e.Plan.Keys(), func(k results.CellKey) ([]results.Attempt, error) {
		return l.store.Attempts(l.ctx, l.run, k)
	})
	return nil
}

func (l *Live) cell(key results.CellKey) error {
	attempts, err := l.store.Attempts(l.ctx, l.run, key)
	if err != nil || len(attempts) == 0 || l.w == nil {
		return err
	}
	cells := []results.Cell{results.FromAttempts(attempts)}
	l.judge(cells, l.policy)
	l.wrote[key] = true
	return l.w.Cell(cells[0])
}

// end writes the cells of the run that are not settled, because it was
// interrupted, and the ends of what was begun. It returns the first error.
func (l *Live) end(cells []results.Cell) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w == nil || l.closed {
		return l.err
	}
	l.closed = true
	for _, c := range cells {
		if l.err == nil && !l.wrote[c.CellKey] {
			l.err = l.w.Cell(c)
		}
	}
	if l.err == nil {
		l.err = l.w.Close()
	}
	if f, ok := l.to.(*os.File); ok && l.file != Stdout {
		l.err = errors.Join(l.err, f.Close())
	}
	return l.err
}

// began reports whether the report of a run was begun while it went on.
func (l *Live) began(run string) bool { return l != nil && l.run == run && l.w != nil }
