package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// recorder stores a run's attempts, and the digests of its kernels.
type recorder struct {
	ctx     context.Context // not cancelled with the run's, so that a stopped run stores what it has
	store   *store.Store
	run     string
	kernels exec.Kernels
}

// Record implements sched.Recorder.
func (r *recorder) Record(a results.Attempt) (int, error) {
	err := r.store.AddAttempt(r.ctx, r.run, &a)
	return a.N, err
}

// Kernel implements exec.Kernels.
func (r *recorder) Kernel(ctx context.Context, k plan.Kernel) (kernels.Kernel, error) {
	got, err := r.kernels.Kernel(ctx, k)
	if err != nil {
		return kernels.Kernel{}, err
	}
	err = r.store.SetKernel(r.ctx, r.run, runKernel(plan.KernelOf(got)))
	for name, value := range kernelConditions(got) {
		err = errors.Join(err, r.store.SetCondition(r.ctx, r.run, name, value))
	}
	return got, err
}

// Fetch gets kernels by their release; it waits until one is ready to boot.
type Fetch func(ctx context.Context, release string) (kernels.Kernel, error)

// Kernel implements exec.Kernels.
func (f Fetch) Kernel(ctx context.Context, k plan.Kernel) (kernels.Kernel, error) {
	return f(ctx, k.Release)
}

// Ready are kernels that need not be fetched.
type Ready []kernels.Kernel

// Kernel implements exec.Kernels.
func (r Ready) Kernel(_ context.Context, k plan.Kernel) (kernels.Kernel, error) {
	for _, one := range r {
		if one.Release == k.Release && (k.Digest == "" || one.Digest == k.Digest) {
			return one, nil
		}
	}
	return kernels.Kernel{}, fmt.Errorf("kernel %s is not among those of the run", k.Release)
}

// Plan is the plan's view of these kernels.
func (r Ready) Plan() []plan.Kernel {
	out := make([]plan.Kernel, len(r))
	for i, k := range r {
		out[i] = plan.KernelOf(k)
	}
	return out
}

// runKernel is the store's view of a kernel of a plan.
func runKernel(k plan.Kernel) results.Kernel {
	return results.Kernel{
		Release:  kernelversion.Release{Name: k.Release, Version: k.Version},
		Platform: results.Platform{Arch: cmp.Or(k.Arch, kernels.AMD64), Flavour: k.Flavour, PageSize: k.PageSize},
		Digest:   k.Digest,
	}
}

// conditionKernel plus a release is the name of the condition with that kernel's
// digest.
const conditionKernel = "kernel "

// kernelConditions are the conditions that identify a kernel's build.
func kernelConditions(k kernels.Kernel) map[string]string {
	all := map[string]string{
		conditionKernel + k.Release: k.Digest,
		"commit " + k.Release:       k.Checkout.Commit,
		"repository " + k.Release:   k.Checkout.Repository,
		"patches " + k.Release:      k.Checkout.Patches,
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// newRun describes the run that is about to begin.
func (l *Lab) newRun(ctx context.Context, p plan.Plan) results.Run {
	now := time.Now()
	cond := map[string]string{
		"splicelab": l.cfg.Version,
		"isolation": string(l.cfg.Isolation),
		"memory":    fmt.Sprintf("%d MiB", l.cfg.MemoryMiB),
		"cpus":      fmt.Sprint(l.cfg.CPUs),
	}
	for _, a := range architectures(p) {
		if v, err := vm.Version(ctx, l.cfg.qemu(a)); err == nil {
			cond[vm.NameOf(a)] = v
		}
	}
	if l.host.Templates == nil {
		cond["templates"] = "none: every VM was booted"
	}
	if l.cfg.Faults {
		cond["faults"] = "every cell was shown one"
	}
	for _, k := range p.Kernels {
		if k.Digest != "" {
			cond[conditionKernel+k.Release] = k.Digest
		}
	}
	maps.Copy(cond, l.conditions(ctx, p))
	var used []results.Kernel
	for _, k := range p.Kernels {
		used = append(used, runKernel(k))
	}
	selected := results.Selected{Tests: l.cfg.Tests}
	for _, profile := range p.Profiles {
		selected.Filesystems = append(selected.Filesystems, profile.Name)
	}
	return results.Run{
		Kernels: used, Origin: l.cfg.Origin, Selected: selected,
		ID: results.NewRunID(now), Started: now, Policy: l.cfg.Policy, Accel: string(l.cfg.Accel),
		Seed: l.cfg.Seed, Command: l.cfg.Command, Conditions: cond, Planned: p.Cells(),
	}
}
