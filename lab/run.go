package lab

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/results"
)

// Observer receives the steps of a run as they happen. Event is called from several
// goroutines and must return soon.
type Observer interface {
	Event(sched.Event)
}

var errNoStore = errors.New("a run needs a result store")

// Run runs every cell of the plan and stores each attempt before it counts. The
// returned run is stored in any case. The error is a *sched.InfraError if cells
// are infra, the context's if the run was stopped, or one that made it impossible
// to continue, such as a store that cannot be written.
func (l *Lab) Run(ctx context.Context, p plan.Plan, ks exec.Kernels, o Observer) (results.Run, error) {
	if l.store == nil {
		return results.Run{}, errNoStore
	}
	run := l.newRun(ctx, p)
	if l.cfg.Requested != nil {
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
	return l.perform(ctx, p, ks, o, run, func() (results.Run, []results.Cell, error) {
		return run, nil, l.store.BeginRun(ctx, run)
	})
}

// Resume continues the run with that id: cells with a verdict keep it. Infra
// cells and unfinished retries are tried again. The run's policy and seed still apply.
// The error is a *results.RunningError when another process is running it.
func (l *Lab) Resume(ctx context.Context, id string, p plan.Plan, ks exec.Kernels, o Observer) (results.Run, error) {
	if l.store == nil {
		return results.Run{}, errNoStore
	}
	run, err := l.store.Run(ctx, id)
	if err != nil {
		return results.Run{}, err
	}
	release, err := l.store.LockRun(run.ID)
	if err != nil {
		return results.Run{}, err
	}
	defer release()
	resumed := *l
	resumed.cfg.Seed, resumed.cfg.Policy = run.Seed, run.Policy
	return resumed.perform(ctx, p, ks, o, run, func() (results.Run, []results.Cell, error) {
		cells, err := l.store.Cells(ctx, run.ID)
		if err != nil {
			return run, nil, err
		}
		run.Finished, run.Problem = time.Time{}, ""
		return run, cells, l.store.ResumeRun(ctx, run.ID)
	})
}

// perform runs the pending cells of a plan. begin returns the run, like, as it is
// stored, and the cells that it already has.
func (l *Lab) perform(ctx context.Context, p plan.Plan, ks exec.Kernels, o Observer, like results.Run, begin func() (results.Run, []results.Cell, error)) (results.Run, error) {
	if err := l.canEmulate(ctx, p); err != nil {
		return results.Run{}, err
	}
	common, err := l.jobs(p)
	if err != nil {
		return results.Run{}, err
	}
	expected, err := l.store.Durations(ctx, like)
	if err != nil {
		return results.Run{}, err
	}
	run, known, err := begin()
	if err != nil {
		return run, err
	}
	rec := &recorder{ctx: context.WithoutCancel(ctx), store: l.store, run: run.ID, kernels: ks}
	live := &publisher{store: l.store, run: run.ID}
	defer live.end()
	host := l.host
	var s *sched.Scheduler // host is not used before there is one
	host.Observe = func(p machine.Preparation) { s.Prepare(string(p.Work), p.Kernel, p.FS, p.Over) }
	x := exec.New(host, l.suites, rec, l.cfg.Jobs)
	s = sched.New(sched.Config{
		Plan: &p, Isolation: l.cfg.Isolation, Run: common, Expected: expected, Known: known,
		Slots: l.cfg.Jobs, Processors: runtime.NumCPU() / l.cfg.CPUs, Templates: l.host.Templates != nil,
		// A paused VM takes about 60 MiB, so there may be one for each that runs.
		Concurrency: 2 * l.cfg.Jobs,
		Observe: func(e sched.Event) {
			if e.Kind == sched.Planned {
				e.Run = run.ID
			}
			live.Event(e)
			if o != nil {
				o.Event(e)
			}
		},
	}, x, rec)
	err = s.Run(ctx)
	x.Close()
	return l.finish(ctx, run, s.Failures(), err)
}

// finish marks a run as finished in the store, with its problem if it has one.
func (l *Lab) finish(ctx context.Context, run results.Run, failures sched.Failures, err error) (results.Run, error) {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = l.store.EndPlan(ctx, run.ID)
		for _, release := range slices.Sorted(maps.Keys(failures.Missing)) {
			err = errors.Join(err, failures.Missing[release])
		}
		err = errors.Join(err, failures.Err())
	}
	run.Finished = time.Now()
	if err != nil {
		run.Problem = err.Error()
	}
	// The run is marked as finished also when ctx was cancelled.
	if ferr := l.store.FinishRun(context.WithoutCancel(ctx), run.ID, run.Finished, run.Problem); ferr != nil {
		err = errors.Join(err, ferr)
	}
	return run, err
}

// jobs is the part that all jobs of a plan share.
func (l *Lab) jobs(p plan.Plan) (job.Run, error) {
	r := job.Run{Policy: l.cfg.Policy, Seed: l.cfg.Seed, Faults: l.cfg.Faults, Deadlines: l.cfg.Deadlines, Suites: map[string]string{}}
	var err error
	if r.Modules, err = machine.LayerModules(p.Profiles); err != nil {
		return r, err
	}
	for _, t := range p.Tests {
		r.Modules = append(r.Modules, t.Modules...)
	}
	r.Modules = slices.Compact(slices.Sorted(slices.Values(r.Modules)))
	for _, name := range p.Suites() {
		if r.Suites[name], err = l.suites.Digest(name); err != nil {
			return r, err
		}
	}
	return r, nil
}
