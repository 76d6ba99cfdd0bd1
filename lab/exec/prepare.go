package exec

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
)

// work is a job with everything that was prepared before it had a slot.
type work struct {
	job   job.Job
	host  *machine.Host // with the job's deadlines
	suite string        // whose process is parked in the VM's template; empty for none
	spec  *machine.Spec
	m     *machine.Machine // paused; nil if it has to be booted
	err   error            // why there is no VM for jobs with this spec
	ready time.Time
}

// prepare does what needs no slot: it builds the job's image, disk and template,
// and restores its VM, which stays paused. A VM that has to be booted uses a CPU,
// and waits for the slot.
func (x *Local) prepare(ctx context.Context, j job.Job) *work {
	w := x.work(ctx, j)
	if w.err == nil && w.host.Templates != nil && !j.Boot {
		var none *machine.NoTemplateError
		var end *verdict.Termination
		m, err := w.restore(ctx)
		switch {
		case errors.As(err, &none), errors.As(err, &end) && end.Verdict == outcome.Infra:
			// The job tries again once it has a slot, and reports the result.
		default:
			w.m, w.err = m, err
		}
	}
	w.ready = time.Now()
	return w
}

// work returns a job with its spec.
func (x *Local) work(ctx context.Context, j job.Job) *work {
	host := x.host
	host.BootTimeout, host.ParkTimeout = j.Run.Deadlines.Boot, j.Run.Deadlines.Cell
	host.Confirm = !slices.ContainsFunc(j.Cells, func(c job.Cell) bool { return !c.Confirm })
	w := &work{job: j, host: &host, suite: x.parked(j)}
	w.spec, w.err = x.spec(ctx, w)
	return w
}

// parked is the suite whose process is parked in the job's template, or "". A
// parked process runs one cell. User suites cannot be parked: their programs do
// not implement the protocol.
func (x *Local) parked(j job.Job) string {
	name := j.Cells[0].Test.Suite
	if _, user := x.suites.OfUser(name); user || !j.Single {
		return ""
	}
	return name
}

// restore returns a paused VM from the topmost template layer for the job.
func (w *work) restore(ctx context.Context) (*machine.Machine, error) {
	t, err := w.host.Template(ctx, w.spec, w.suite)
	if err != nil {
		return nil, err
	}
	return w.host.Restore(ctx, w.spec, t)
}

// discard kills the VM of a job that will not run.
func (w *work) discard() {
	if w.m != nil {
		w.m.VM.Kill()
	}
}

// spec returns what the job's VM consists of.
func (x *Local) spec(ctx context.Context, w *work) (*machine.Spec, error) {
	return x.specs.get(w.job.Spec(), func() (*machine.Spec, error) {
		k, err := x.kernel(ctx, w.job)
		if err != nil {
			return nil, err
		}
		a, err := machine.ArchOf(k)
		if err != nil {
			return nil, err
		}
		files, err := x.suites.Files(ctx, a, w.job.Run.SuiteNames())
		if err != nil {
			return nil, err
		}
		base, err := x.specs.get(w.job.Kernel.Release, func() (*machine.Spec, error) {
			defer w.host.Preparing(machine.Preparation{Work: machine.Image, Kernel: w.job.Kernel.Release})()
			return w.host.KernelLayer(ctx, k, files, w.job.Run.Modules)
		})
		if err != nil {
			return nil, err
		}
		return w.host.Layered(ctx, base, k, &w.job.Profile, files, w.job.Run.Modules)
	})
}

// kernel waits until the job's kernel is ready to boot.
func (x *Local) kernel(ctx context.Context, j job.Job) (*kernels.Kernel, error) {
	return x.fetched.get(j.Kernel.Release, func() (*kernels.Kernel, error) {
		defer x.host.Preparing(machine.Preparation{Work: machine.Kernel, Kernel: j.Kernel.Release})()
		k, err := x.kernels.Kernel(ctx, j.Kernel)
		if err != nil {
			return nil, &job.MissingKernelError{Release: j.Kernel.Release, Err: err}
		}
		return &k, nil
	})
}

// Prefetch implements job.Executor: it builds the templates of upcoming jobs. An
// error is reported to the job that needs the template.
func (x *Local) Prefetch(ctx context.Context, next []job.Job) {
	for _, j := range next {
		if x.host.Templates == nil {
			return
		}
		x.background.Go(func() {
			select {
			case x.warmers <- struct{}{}:
				defer func() { <-x.warmers }()
			case <-ctx.Done():
				return
			}
			_, _ = x.warmed.get(j.Spec(), func() (struct{}, error) {
				if w := x.work(ctx, j); w.err == nil {
					_, _ = w.host.Template(ctx, w.spec, w.suite)
				}
				return struct{}{}, nil
			})
		})
	}
}
