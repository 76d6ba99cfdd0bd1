package lab

import (
	"context"
	"fmt"

	"github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
)

// Standalone builds a VM for a plan's only cell, control cells aside, that runs
// without the lab. Its image is built in dir.
func (l *Lab) Standalone(ctx context.Context, p plan.Plan, ks exec.Kernels, dir string) (exec.Standalone, error) {
	x, j, err := l.single(p, ks)
	if err != nil {
		return exec.Standalone{}, err
	}
	defer x.Close()
	return x.Standalone(ctx, j, dir)
}

// Samples prepares VMs of a plan's only cell outside any run, for measurements.
// Call release when the VMs have terminated.
func (l *Lab) Samples(ctx context.Context, p plan.Plan, ks exec.Kernels) (s *exec.Samples, release func(), err error) {
	x, j, err := l.single(p, ks)
	if err != nil {
		return nil, nil, err
	}
	if s, err = x.Samples(ctx, j); err != nil {
		x.Close()
		return nil, nil, err
	}
	return s, x.Close, nil
}

// single is the job of a plan's only cell, and an executor for it.
func (l *Lab) single(p plan.Plan, ks exec.Kernels) (*exec.Local, job.Job, error) {
	if tests := withoutControls(p.Tests); len(tests) > 0 {
		p.Tests = tests
	}
	if p.Cells() != 1 {
		return nil, job.Job{}, fmt.Errorf("a plan of %d cells: there must be one", p.Cells())
	}
	common, err := l.jobs(p)
	if err != nil {
		return nil, job.Job{}, err
	}
	return exec.New(l.host, l.suites, ks, 1), job.Job{
		Kernel: p.Kernels[0], Profile: p.Profiles[0], Cells: []job.Cell{{Test: p.Tests[0]}}, Single: true, Run: common}, nil
}

func withoutControls(tests []plan.Test) []plan.Test {
	var kept []plan.Test
	for _, t := range tests {
		if !t.Control {
			kept = append(kept, t)
		}
	}
	return kept
}
