// Package exec runs jobs in VMs on this machine. It turns a job.Job into
// events and a job.Result and knows nothing of plans in progress, retries and
// stores.
//
// Read exec.go (the life of a job), prepare.go (what is done before it has a
// slot), batch.go (several cells in one VM), streams.go (attribution of output
// and kernel log to cells), termination.go (a batch that does not end
// normally), attempt.go (a cell's result as it is stored).
package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/results"
)

// Kernels gets kernels ready to boot.
type Kernels interface {
	// Kernel waits until the kernel is ready to boot.
	Kernel(ctx context.Context, k plan.Kernel) (kernels.Kernel, error)
}

// Local runs jobs in VMs on this machine. It implements job.Executor.
type Local struct {
	host    machine.Host
	suites  suite.Set
	kernels Kernels
	slots   chan struct{} // one for each VM that may run at once
	warmers chan struct{} // one for each template that may be prefetched at once

	fetched    memo[*kernels.Kernel]
	specs      memo[*machine.Spec]
	warmed     memo[struct{}]
	digests    memo[string]
	background sync.WaitGroup // VMs being killed, templates being prefetched
}

// New returns an executor that runs up to jobs VMs at once. Deadlines come with
// each job; those of host are ignored.
func New(host machine.Host, suites suite.Set, ks Kernels, jobs int) *Local {
	return &Local{
		host: host, suites: suites, kernels: ks,
		slots: make(chan struct{}, jobs),
		// A booting VM uses a whole processor, so one is left for the cells.
		warmers: make(chan struct{}, max(1, jobs-1)),
	}
}

// Close waits until all VMs of the executor are gone, and releases the templates
// that it used. No job may be running.
func (x *Local) Close() {
	x.background.Wait()
	x.specs.each(func(spec *machine.Spec) {
		if spec != nil { // a kernel with a built-in disk driver has no separate layer
			spec.Release()
		}
	})
}

// Run implements job.Executor.
func (x *Local) Run(ctx context.Context, j job.Job, report func(job.Event)) (job.Result, error) {
	if err := x.sameSuites(j); err != nil {
		return job.Result{Unavailable: verdict.Faultf("%v", err), Taken: time.Now()}, nil
	}
	w := x.prepare(ctx, j)
	var missing *job.MissingKernelError
	if errors.As(w.err, &missing) && ctx.Err() == nil {
		return job.Result{}, missing
	}
	select {
	case x.slots <- struct{}{}:
		defer func() { <-x.slots }()
	case <-ctx.Done():
		w.discard()
		return job.Result{}, context.Cause(ctx)
	}
	return x.turn(ctx, w, report)
}

// turn runs a job that has a slot.
func (x *Local) turn(ctx context.Context, w *work, report func(job.Event)) (job.Result, error) {
	res := job.Result{Taken: time.Now(), Shared: w.err != nil}
	report(job.Event{Kind: job.Booting})
	m, err := w.m, w.err
	if m != nil {
		m.Spent.Queue = res.Taken.Sub(w.ready)
	}
	if m == nil && err == nil {
		m, err = x.machine(ctx, w, report)
	}
	if err == nil {
		err = m.Resume(ctx)
	}
	if err != nil {
		if m != nil {
			m.VM.Kill()
		}
		if ctx.Err() != nil {
			return res, context.Cause(ctx)
		}
		if !errors.As(err, &res.Unavailable) {
			res.Unavailable = verdict.Faultf("%v", err)
		}
		return res, nil
	}
	report(job.Event{Kind: job.Up})
	err = x.useMachine(ctx, w, m, res.Taken, report)
	x.background.Go(m.VM.Kill)
	return res, err
}

// machine returns a VM for the job: restored and paused if there is a template,
// else booted.
func (x *Local) machine(ctx context.Context, w *work, report func(job.Event)) (*machine.Machine, error) {
	if w.host.Templates == nil {
		return w.host.Boot(ctx, w.spec)
	}
	why := "the previous attempt was infra, or needs confirmation"
	if !w.job.Boot {
		m, err := w.restore(ctx)
		var none *machine.NoTemplateError
		if !errors.As(err, &none) {
			return m, err
		}
		why = none.Reason
		report(job.Event{Kind: job.Notice, Text: w.job.Kernel.Release + ": VMs are booted, not restored: " + why})
	}
	m, err := w.host.Boot(ctx, w.spec)
	if m != nil {
		m.Booted = why
	}
	return m, err
}

// useMachine runs the job's cells on m until none is left or m is unusable.
func (x *Local) useMachine(ctx context.Context, w *work, m *machine.Machine, taken time.Time, report func(job.Event)) error {
	spent, since := m.Spent, time.Now()
	for next := 0; next < len(w.job.Cells); {
		pending := w.job.Cells[next:]
		pending = pending[:fitting(pending)]
		b := &batch{run: w.job.Run, m: m, spec: w.spec, suites: x.suites}
		for i, c := range pending {
			b.cells = append(b.cells, &cell{Cell: c, index: next + i})
		}
		b.onStart = func(c *cell) { report(job.Event{Kind: job.Started, Cell: c.index}) }
		b.report = func(c *cell, d verdict.Decision) {
			a := attempt(c, d)
			a.Timing, spent = timing(c, spent, since), results.Timing{}
			if since = c.ended; since.IsZero() {
				since = time.Now()
			}
			if w.job.Single {
				a.Duration = time.Since(taken) // the VM is the cell's alone
			}
			if m.Booted != "" {
				a.Covariates[CovariateBooted] = m.Booted
			}
			if accel := x.host.AccelOf(w.spec); accel != x.host.Accel {
				a.Covariates[CovariateAccel] = string(accel)
			}
			report(job.Event{Kind: job.Finished, Cell: c.index, Attempt: a, Doubted: d.Doubted})
		}
		err := b.execute(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b.blame(err)
		if next += len(pending); err != nil || m.Parked != nil {
			return nil // the next cells get a fresh VM
		}
	}
	return nil
}

// blame guarantees progress: cells that the batch did not settle, and would not
// settle next time either, get an infra attempt, so that no cell is retried
// forever.
func (b *batch) blame(err error) {
	settled := false
	for _, c := range b.cells {
		settled = settled || c.reported
		if err == nil && !c.reported {
			b.finishCell(c, verdict.Decide(verdict.Evidence{Kind: c.Test.Kind,
				Fault: "the test process exited normally but never ran this test"}))
		}
	}
	if err == nil || settled {
		return
	}
	end := verdict.Faultf("%v", err)
	errors.As(err, &end)
	// The VM broke before any cell began, so the cause is unknown.
	d := verdict.Decide(verdict.Evidence{Kind: b.cells[0].Test.Kind,
		Fault: fmt.Sprintf("the VM ended before this cell began (%s: %s)", end.Verdict, end.Detail)})
	d.Console = end.Console
	b.finishCell(b.cells[0], d)
}

// sameSuites verifies that this executor has the job's suites.
func (x *Local) sameSuites(j job.Job) error {
	for _, c := range j.Cells {
		want := j.Run.Suites[c.Test.Suite]
		if want == "" {
			continue
		}
		got, err := x.digests.get(c.Test.Suite, func() (string, error) { return x.suites.Digest(c.Test.Suite) })
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("suite %s is not the one that the run started with: its binary or its testdata changed", c.Test.Suite)
		}
	}
	return nil
}
