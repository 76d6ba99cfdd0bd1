package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/outcome"
)

// This file does what can be done before a worker is free: it makes images,
// disks and templates of the groups to come, and starts their first machines.

// ready is a group with all that could be had before its turn.
type ready struct {
	group
	spec  *machineSpec
	m     *machine // at a standstill; nil where it must be booted
	err   error
	since time.Time
}

// lookahead is how many kernels with a profile are prepared beyond those that
// run: enough that none is waited for, and few enough that templates which
// are not used yet do not push each other out of the cache.
const lookahead = 4

// prepareAhead makes groups ready, in their order. What it sends must be used
// or given up.
func (r *runner) prepareAhead(ctx context.Context, groups []group) <-chan ready {
	var firsts []group // the first group of each spec
	for i, g := range groups {
		if i == 0 || g.spec() != groups[i-1].spec() {
			firsts = append(firsts, g)
		}
	}
	out := make(chan ready)
	queue := make(chan group)
	soon := make(chan group, len(firsts))
	var all sync.WaitGroup
	all.Go(func() {
		defer close(queue)
		defer close(soon)
		begun, told := 0, 0
		for i, g := range groups {
			if i == 0 || g.spec() != groups[i-1].spec() {
				begun++
				for ; told < min(begun+lookahead, len(firsts)); told++ {
					soon <- firsts[told]
				}
			}
			select {
			case queue <- g:
			case <-ctx.Done():
				return
			}
		}
	})
	// A machine that boots takes a processor, so one is left to the cells.
	for range max(1, r.lab.cfg.Jobs-1) {
		all.Go(func() {
			for g := range soon {
				// Who needs it asks again, and gets to know of any error.
				if spec, err := r.spec(ctx, g); err == nil && r.lab.templates != nil {
					_, _ = r.lab.template(ctx, spec, r.topmost(g, g.tests))
				}
			}
		})
	}
	// A machine at a standstill takes some 60 MiB, so there may be one for
	// each that runs.
	for range r.lab.cfg.Jobs {
		all.Go(func() {
			for g := range queue {
				rd := r.makeReady(ctx, g)
				select {
				case out <- rd:
				case <-ctx.Done():
					rd.giveUp()
				}
			}
		})
	}
	go func() {
		all.Wait()
		close(out)
	}()
	return out
}

// makeReady prepares one group. A machine that must be booted is left to the
// worker, for it would compute where a restored one stands still.
func (r *runner) makeReady(ctx context.Context, g group) ready {
	rd := ready{group: g}
	if rd.spec, rd.err = r.spec(ctx, g); rd.err == nil && r.lab.templates != nil {
		var none *noTemplateError
		var end *ended
		var err error
		switch rd.m, err = r.restored(ctx, rd.spec, g, g.tests); {
		case errors.As(err, &none), errors.As(err, &end) && end.verdict == outcome.Infra:
			// The worker tries for itself, and says what came of it.
		default:
			rd.err = err
		}
	}
	rd.since = time.Now()
	return rd
}

// giveUp ends the machine of a group that nobody will run.
func (rd ready) giveUp() {
	if rd.m != nil {
		rd.m.vm.Kill()
	}
}

// spec returns what the group's machines are made of.
func (r *runner) spec(ctx context.Context, g group) (*machineSpec, error) {
	return r.specs.get(g.spec(), func() (*machineSpec, error) {
		k, err := r.kernels.get(g.kernel.Release, func() (*kernels.Kernel, error) { return r.fetch(ctx, g.kernel) })
		if err != nil {
			return nil, err
		}
		base, err := r.specs.get(g.kernel.Release, func() (*machineSpec, error) {
			return r.lab.kernelLayer(ctx, k, r.files, r.modules)
		})
		if err != nil {
			return nil, err
		}
		return r.lab.layered(ctx, base, k, g.profile, r.files, r.modules)
	})
}

// unfetchedError is a kernel that could not be had: nothing is known of it.
type unfetchedError struct {
	release string
	err     error
}

func (e *unfetchedError) Error() string { return e.err.Error() }
func (e *unfetchedError) Unwrap() error { return e.err }

// fetch waits until a kernel of the plan is ready to boot.
func (r *runner) fetch(ctx context.Context, k *kernels.Kernel) (*kernels.Kernel, error) {
	if r.plan.Fetch == nil {
		return k, nil
	}
	got, err := r.plan.Fetch(ctx, k.Release)
	if err != nil {
		return nil, &unfetchedError{k.Release, err}
	}
	for name, value := range kernelConditions(got) {
		err = errors.Join(err, r.lab.store.SetCondition(ctx, r.run.ID, name, value))
	}
	return &got, err
}

// reaper ends machines that have done their work, beside the next ones' work.
type reaper struct{ sync.WaitGroup }

func (k *reaper) end(m *machine) { k.Go(m.vm.Kill) }

// modules are those that the images of a run hold.
func (p Plan) modules() ([]string, error) {
	all, err := layerModules(p.Profiles)
	for _, t := range p.Tests {
		all = append(all, t.Modules...)
	}
	return all, err
}
