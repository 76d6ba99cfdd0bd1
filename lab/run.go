package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"splicelab/images"
	"splicelab/outcome"
	"splicelab/results"
)

// infraRetries is how often a cell is tried again after the lab failed it.
const infraRetries = 3

// Run runs every cell of the plan and stores each attempt before it counts.
// The returned run is stored in any case. The error is an *InfraError when the
// lab failed some cells, the context's when it was stopped, and otherwise what
// made going on impossible, such as a store that cannot be written.
func (l *Lab) Run(ctx context.Context, p Plan, o Observer) (results.Run, error) {
	if l.store == nil {
		return results.Run{}, errors.New("a run needs a result store")
	}
	if o == nil {
		o = discard{}
	}
	files, err := l.suiteFiles(p)
	if err != nil {
		return results.Run{}, err
	}
	run := l.newRun(ctx, p)
	if err := l.store.BeginRun(ctx, run); err != nil {
		return run, err
	}
	r := &runner{lab: l, run: run, plan: p, observer: o, files: files, modules: p.modules()}
	o.Event(Event{Kind: EventPlanned, Total: p.Cells()})

	workers, wctx := errgroup.WithContext(ctx)
	work := make(chan group)
	workers.Go(func() error {
		defer close(work)
		for _, g := range p.groups(l.cfg.Isolation) {
			select {
			case work <- g:
			case <-wctx.Done():
				return nil
			}
		}
		return nil
	})
	for range l.cfg.Jobs {
		workers.Go(func() error {
			for g := range work {
				if err := r.runGroup(wctx, g); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = workers.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = r.verify()
	}
	run.Finished = time.Now()
	if err != nil {
		run.Problem = err.Error()
	}
	// The run must be closed in the store also when ctx is what ended it.
	if ferr := l.store.FinishRun(context.WithoutCancel(ctx), run.ID, run.Finished, run.Problem); ferr != nil {
		err = errors.Join(err, ferr)
	}
	return run, err
}

// suiteFiles are the test binaries of the plan, by their place in the guest.
// Of an own suite its data are among them.
func (l *Lab) suiteFiles(p Plan) (map[string]string, error) {
	files := map[string]string{}
	seen := map[string]bool{}
	for _, t := range p.Tests {
		if seen[t.Suite] {
			continue
		}
		seen[t.Suite] = true
		if own, ok := l.own(t.Suite); ok {
			all, err := own.files()
			if err != nil {
				return nil, err
			}
			maps.Copy(files, all)
			continue
		}
		name := t.Suite + suiteSuffix
		files[path.Join(suiteDir, name)] = filepath.Join(l.cfg.GuestDir, name)
	}
	return files, nil
}

// modules are those that the plan's tests may ask for, sorted.
func (p Plan) modules() []string {
	var all []string
	for _, t := range p.Tests {
		all = append(all, t.Modules...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// runner is one run in progress.
type runner struct {
	lab      *Lab
	run      results.Run
	plan     Plan
	observer Observer
	files    map[string]string
	modules  []string // that some test may ask for
	specs    specs

	mu      sync.Mutex
	done    int
	infra   int
	reason  string   // first infra detail
	control []string // failed control cells
}

// runGroup brings every cell of g to a final verdict. It returns an error
// only when the run cannot go on.
func (r *runner) runGroup(ctx context.Context, g group) error {
	todo := &todo{runner: r, group: g, pending: g.tests, tries: map[string]int{}}
	key := g.kernel.Digest + " " + g.profile.Name
	taken := time.Now()
	for len(todo.pending) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		spec, err := r.specs.get(key, func() (*machineSpec, error) {
			return r.lab.prepare(ctx, r.lab.builder, g.kernel, g.profile, r.files, images.Spec{OnDemand: r.modules})
		})
		var m *machine
		if err == nil {
			r.observer.Event(Event{Kind: EventBoot, Cell: g.key(todo.pending[0]), Total: r.plan.Cells()})
			m, err = r.lab.machine(ctx, spec, todo.pending)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var end *ended
			if !errors.As(err, &end) {
				end = infraf("%v", err)
			}
			// Nothing of this kernel and filesystem can run: one verdict, seen
			// once, for all of them.
			if err := todo.all(ctx, end, taken); err != nil {
				return err
			}
			continue
		}
		err = r.useMachine(ctx, m, spec, todo, taken)
		m.vm.Kill()
		if err != nil {
			return err
		}
		taken = time.Now()
	}
	return nil
}

// useMachine runs pending cells on m until none is left or m is unsound.
func (r *runner) useMachine(ctx context.Context, m *machine, spec *machineSpec, todo *todo, taken time.Time) error {
	for len(todo.pending) > 0 {
		tests := todo.pending[:fitting(todo.pending)]
		b := &batch{lab: r.lab, m: m, spec: spec}
		for _, t := range tests {
			b.cells = append(b.cells, &cell{test: t})
		}
		var failed error
		b.onStart = func(c *cell) {
			r.observer.Event(Event{Kind: EventStarted, Cell: todo.group.key(c.test), Total: r.plan.Cells()})
		}
		b.report = func(c *cell, a results.Attempt) {
			if len(todo.group.tests) == 1 {
				a.Duration = a.Finished.Sub(taken) // the VM was made for it alone
			}
			failed = errors.Join(failed, todo.record(ctx, c.test, a))
		}
		err := b.run(ctx)
		if failed != nil {
			return failed
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := todo.after(ctx, b, err); err != nil {
			return err
		}
		if err != nil {
			return nil // the next cells get a fresh VM
		}
	}
	return nil
}

// todo is what is left of a group.
type todo struct {
	runner  *runner
	group   group
	pending []PlannedTest
	tries   map[string]int // attempts so far, by test name
}

// after makes sure that a batch made progress: what it neither settled nor
// can be expected to settle next time gets an infra attempt, so that no cell
// is tried for ever.
func (t *todo) after(ctx context.Context, b *batch, err error) error {
	settled := 0
	for _, c := range b.cells {
		if c.reported {
			settled++
		}
	}
	if err == nil {
		for _, c := range b.cells {
			if !c.reported {
				end := infraf("the test process ended in good order but never ran this test")
				if err := t.record(ctx, c.test, endedAttempt(c.test, end, time.Now())); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if settled > 0 {
		return nil
	}
	var end *ended
	if !errors.As(err, &end) {
		end = infraf("%v", err)
	}
	// The machine broke with no cell to blame: the lab does not know whose
	// doing it was.
	blame := infraf("the VM ended before this cell began (%s: %s)", end.verdict, end.detail)
	blame.console = end.console
	return t.record(ctx, b.cells[0].test, endedAttempt(b.cells[0].test, blame, time.Now()))
}

func endedAttempt(t PlannedTest, e *ended, taken time.Time) results.Attempt {
	now := time.Now()
	return results.Attempt{Kind: t.Kind, Verdict: e.verdict, Detail: e.detail, Console: e.console,
		Finished: now, Duration: now.Sub(taken), Covariates: map[string]string{}}
}

// all gives every pending cell the same end.
func (t *todo) all(ctx context.Context, e *ended, taken time.Time) error {
	for _, p := range append([]PlannedTest(nil), t.pending...) {
		if err := t.record(ctx, p, endedAttempt(p, e, taken)); err != nil {
			return err
		}
	}
	return nil
}

// record stores an attempt and decides whether it was the cell's last.
func (t *todo) record(ctx context.Context, p PlannedTest, a results.Attempt) error {
	r := t.runner
	name := p.Name()
	t.tries[name]++
	a.CellKey, a.N = t.group.key(p), t.tries[name]
	if err := r.lab.store.AddAttempt(context.WithoutCancel(ctx), r.run.ID, a); err != nil {
		return fmt.Errorf("storing the result of %s on %s, %s: %w", a.Test, a.Kernel, a.FS, err)
	}
	ev := Event{Kind: EventFinished, Cell: a.CellKey, Attempt: a, Total: r.plan.Cells()}
	r.mu.Lock()
	if a.Verdict == outcome.Infra && a.N <= infraRetries {
		ev.Kind = EventRetry
	} else {
		r.done++
		if a.Verdict == outcome.Infra {
			if r.infra++; r.reason == "" {
				r.reason = a.Detail
			}
		}
		if p.Control && !r.lab.cfg.Faults && a.Verdict == outcome.Fail {
			r.control = append(r.control, fmt.Sprintf("%s (%s, %s)", name, a.Kernel, a.FS))
		}
	}
	ev.Done = r.done
	r.mu.Unlock()
	if ev.Kind == EventFinished {
		t.drop(name)
	}
	r.observer.Event(ev)
	return nil
}

// drop takes a settled cell off the list. The batch holds a view of the old
// list, which therefore must stay as it is.
func (t *todo) drop(name string) {
	rest := make([]PlannedTest, 0, len(t.pending))
	for _, p := range t.pending {
		if p.Name() != name {
			rest = append(rest, p)
		}
	}
	t.pending = rest
}

// verify says whether the finished run can be trusted.
func (r *runner) verify() error {
	if r.infra == 0 && len(r.control) == 0 {
		return nil
	}
	return &InfraError{Cells: r.infra, Control: r.control, Reason: r.reason}
}
