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

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// infraRetries is how often a cell is tried again after the lab failed it.
const infraRetries = 3

// Run runs every cell of the plan and stores each attempt before it counts.
// The returned run is stored in any case. The error is an *InfraError when the
// lab failed some cells, the context's when it was stopped, and otherwise what
// made going on impossible, such as a store that cannot be written.
func (l *Lab) Run(ctx context.Context, p Plan, o Observer) (results.Run, error) {
	if l.store == nil {
		return results.Run{}, errNoStore
	}
	run := l.newRun(ctx, p)
	if l.cfg.Asked != nil {
		recipe, err := l.recipe(ctx, p)
		if err != nil {
			return results.Run{}, err
		}
		if run.Plan, err = recipe.encode(); err != nil {
			return results.Run{}, err
		}
	}
	release, err := l.store.LockRun(run.ID)
	if err != nil {
		return results.Run{}, err
	}
	defer release()
	return l.perform(ctx, p, o, func() (results.Run, []results.Cell, error) {
		return run, nil, l.store.BeginRun(ctx, run)
	})
}

var errNoStore = errors.New("a run needs a result store")

// perform runs what is left of a plan. begin returns the run and the cells
// that it has already.
func (l *Lab) perform(ctx context.Context, p Plan, o Observer, begin func() (results.Run, []results.Cell, error)) (results.Run, error) {
	if o == nil {
		o = discard{}
	}
	files, err := l.suiteFiles(p)
	if err != nil {
		return results.Run{}, err
	}
	modules, err := p.modules()
	if err != nil {
		return results.Run{}, err
	}
	expected, err := l.store.Durations(ctx)
	if err != nil {
		return results.Run{}, err
	}
	run, known, err := begin()
	if err != nil {
		return run, err
	}
	r := &runner{lab: l, run: run, plan: p, observer: o, files: files, modules: modules,
		total: p.attempts(l.cfg.Isolation), attempts: map[results.CellKey]int{}, work: newWorkload(expected)}
	defer r.specs.release()
	all := p.groups(l.cfg.Isolation, expected)
	for _, g := range all {
		for _, t := range g.tests {
			r.work.add(g.key(t), 1)
		}
	}
	groups := r.left(all, known)
	planned := r.event(EventPlanned)
	planned.Run = run.ID
	o.Event(planned)

	if err = r.carryOut(ctx, groups); err == nil {
		err = r.carryOut(ctx, r.retryGroups())
	}
	r.reaper.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = errors.Join(l.store.EndPlan(ctx, run.ID), r.verify())
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

// carryOut runs groups, as many at once as there are jobs.
func (r *runner) carryOut(ctx context.Context, groups []group) error {
	if len(groups) == 0 {
		return nil
	}
	workers, wctx := errgroup.WithContext(ctx)
	work := r.prepareAhead(wctx, groups)
	for range r.lab.cfg.Jobs {
		workers.Go(func() error {
			for rd := range work {
				if err := r.runGroup(wctx, rd); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := workers.Wait()
	for rd := range work { // what was prepared when a worker gave up
		rd.giveUp()
	}
	return err
}

func controlName(k results.CellKey) string { return fmt.Sprintf("%s (%s, %s)", k.Test, k.Kernel, k.FS) }

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

// runner is one run in progress.
type runner struct {
	lab      *Lab
	run      results.Run
	plan     Plan
	observer Observer
	files    map[string]string
	modules  []string // that the images hold
	total    int      // attempts with a verdict that the plan makes
	kernels  memo[*kernels.Kernel]
	specs    specs
	reaper   reaper

	mu      sync.Mutex
	done    int
	infra   int
	reason  string                  // first infra detail
	due     map[results.CellKey]int // retries of what was bad
	retries int                     // all that are due
	retried int                     // how many of them are done
	lost    int                     // how many of them the lab failed
	work    *workload
	cameUp  map[string]bool  // by spec: a machine of it came up
	died    map[string]bool  // by spec: a machine of it did not
	control []string         // failed control cells
	missing map[string]error // kernels that could not be had, by release
	noticed map[string]bool
	// attempts so far, infra ones too; several workers may be at one cell
	attempts map[results.CellKey]int
}

// event is one that tells how far the run is. The caller holds the lock, or is
// alone.
func (r *runner) event(kind EventKind) Event {
	return Event{Kind: kind, Done: r.done, Total: r.total, Retried: r.retried, Retries: r.retries,
		Kernels: len(r.work.kernels), KernelsDone: r.work.kernelsDone(), Share: r.work.share()}
}

// tell tells that something happens to a cell.
func (r *runner) tell(kind EventKind, key results.CellKey) {
	r.mu.Lock()
	e := r.event(kind)
	r.mu.Unlock()
	e.Cell = key
	r.observer.Event(e)
}

// notice tells something that concerns many cells, once.
func (r *runner) notice(text string) {
	r.mu.Lock()
	known := r.noticed[text]
	if !known {
		if r.noticed == nil {
			r.noticed = map[string]bool{}
		}
		r.noticed[text] = true
	}
	r.mu.Unlock()
	if !known {
		r.mu.Lock()
		e := r.event(EventNotice)
		r.mu.Unlock()
		e.Text = text
		r.observer.Event(e)
	}
}

// leaveOut notes a kernel of which nothing can be run.
func (r *runner) leaveOut(e *unfetchedError) {
	r.mu.Lock()
	if r.missing == nil {
		r.missing = map[string]error{}
	}
	r.missing[e.release] = e.err
	r.mu.Unlock()
	r.notice(e.release + " is left out: it could not be fetched")
}

// runGroup brings every cell of a group to a final verdict. It returns an
// error only when the run cannot go on.
func (r *runner) runGroup(ctx context.Context, rd ready) error {
	todo := &todo{runner: r, group: rd.group, pending: rd.tests, infra: map[string]int{}}
	taken := time.Now()
	m, err := rd.m, rd.err
	if m != nil {
		m.spent.Queue = taken.Sub(rd.since)
	}
	var none *unfetchedError
	if errors.As(err, &none) && ctx.Err() == nil {
		r.leaveOut(none)
		return nil
	}
	for len(todo.pending) > 0 {
		if ctx.Err() != nil {
			rd.giveUp()
			return ctx.Err()
		}
		r.tell(EventBoot, rd.key(todo.pending[0]))
		if m == nil && err == nil {
			m, err = r.machine(ctx, rd.spec, rd.group, todo.pending, todo.again)
		}
		if err == nil {
			err = m.resume(ctx)
		}
		if err != nil {
			if m != nil {
				m.vm.Kill()
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var end *ended
			if !errors.As(err, &end) {
				end = infraf("%v", err)
			}
			// Nothing of this kernel and filesystem can run: one verdict, seen
			// once, for all of them.
			if err := todo.all(ctx, end, taken, r.common(rd.group, rd.err, end)); err != nil {
				return err
			}
		} else {
			r.came(rd.group)
			err = r.useMachine(ctx, m, todo, rd.spec, taken)
			r.reaper.end(m)
			if err != nil {
				return err
			}
		}
		m, err, taken = nil, rd.err, time.Now()
	}
	return nil
}

// useMachine runs pending cells on m until none is left or m is unsound.
func (r *runner) useMachine(ctx context.Context, m *machine, todo *todo, spec *machineSpec, taken time.Time) error {
	spent, since := m.spent, time.Now()
	for len(todo.pending) > 0 {
		tests := todo.pending[:fitting(todo.pending)]
		b := &batch{lab: r.lab, m: m, spec: spec}
		for _, t := range tests {
			b.cells = append(b.cells, &cell{test: t})
		}
		var failed error
		b.onStart = func(c *cell) {
			r.tell(EventStarted, todo.group.key(c.test))
		}
		b.report = func(c *cell, a results.Attempt) {
			a.Timing, spent = timing(c, spent, since), results.Timing{}
			if since = c.ended; since.IsZero() {
				since = time.Now()
			}
			if len(todo.group.tests) == 1 {
				a.Duration = time.Since(taken) // the VM was made for it alone
			}
			switch {
			case m.restored && doubtful(c, a):
				a.Detail = fmt.Sprintf("%s in a restored VM, which a booted one has to confirm: %s", a.Verdict, a.Detail)
				a.Verdict = outcome.Infra
			case delayed(c, a) && todo.infra[c.test.Name()] == 0:
				a.Detail = "held up, perhaps by a busy host, which another attempt has to confirm: " + a.Detail
				a.Verdict = outcome.Infra
			}
			if m.booted != "" {
				a.Covariates[covariateBooted] = m.booted
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
		todo.compact()
		if err != nil || m.held != nil {
			return nil // the next cells get a fresh VM
		}
	}
	return nil
}

// doubtful tells the ends of a cell that could be the doing of what restored
// its machine. Once in the first few thousand a kernel died with an EFLAGS that
// no instruction can make; QEMU up to 8 is known to confuse the flags of an
// instruction that faults while it writes to memory. Such an end counts once a
// booted machine shows it.
func doubtful(c *cell, a results.Attempt) bool {
	switch a.Verdict {
	case outcome.Crash, outcome.Hang:
		return true
	case outcome.Fail:
		return c.raw == "" // the process died
	}
	return false
}

// delayed tells a cell that passed, but for that the kernel found a task or a
// processor held up on the way. A host with busy disks or processors holds them
// up too (an fsync took 21 s while others read gigabytes of templates), so it
// counts when the cell shows it again.
func delayed(c *cell, a results.Attempt) bool {
	if c.raw != outcome.Pass || a.Verdict != outcome.Fail || a.Kind != outcome.Invariant {
		return false
	}
	events := console.Parse([]byte(c.log.String()))
	_, wrong := firstOf(events, console.Warning, console.Sanitizer, console.FSError)
	_, held := firstOf(events, console.Lockup, console.HungTask)
	return held && !wrong
}

// covariateBooted is why a cell's machine was booted where others are restored.
const covariateBooted = "booted"

// timing says where a cell's time went. before is what its machine had taken,
// since when it was the cell's.
func timing(c *cell, before results.Timing, since time.Time) results.Timing {
	t := before
	if c.started.IsZero() {
		t.Agent = max(0, time.Since(since))
		return t
	}
	t.Agent = max(0, c.started.Sub(since))
	t.Test = max(0, c.ended.Sub(c.started))
	t.Collect = max(0, time.Since(c.ended))
	return t
}

// verify says whether the finished run can be trusted.
func (r *runner) verify() error {
	var all []error
	for _, release := range slices.Sorted(maps.Keys(r.missing)) {
		all = append(all, r.missing[release])
	}
	if r.infra > 0 || r.lost > 0 || len(r.control) > 0 {
		all = append(all, &InfraError{Cells: r.infra, Retries: r.lost, Control: r.control, Reason: r.reason})
	}
	return errors.Join(all...)
}
