package exec

import (
	"context"
	"fmt"

	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
)

// Samples are VMs of one cell outside any run, for measurements. They are started
// as in a run.
type Samples struct {
	x        *Local
	work     *work
	template *template.Template // nil if VMs are booted
}

// Samples prepares the VMs of a job's only cell. The executor must be closed
// after the VMs have terminated. The error says why the cell cannot run, or why
// there is no template.
func (x *Local) Samples(ctx context.Context, j job.Job) (*Samples, error) {
	s := &Samples{x: x, work: x.work(ctx, j)}
	if s.work.err != nil {
		return nil, s.work.err
	}
	if x.host.Templates != nil {
		var err error
		if s.template, err = s.work.host.Template(ctx, s.work.spec, s.work.suite); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Config is the configuration of a booted VM.
func (s *Samples) Config() vm.Config { return s.work.host.VMConfig(s.work.spec) }

// Template is the directory that VMs are restored from; empty for none.
func (s *Samples) Template() string {
	if s.template == nil {
		return ""
	}
	return s.template.Dir
}

// KernelLayer is the directory of the template of the kernel alone, from which
// Template was built; empty if there is none.
func (s *Samples) KernelLayer(ctx context.Context) (string, error) {
	if s.template == nil {
		return "", nil
	}
	t, err := s.work.host.KernelTemplate(ctx, s.work.spec)
	if err != nil || t == nil {
		return "", err
	}
	return t.Dir, nil
}

// Sample is one VM. The caller must kill it.
type Sample struct {
	*machine.Machine
	of *Samples
}

// Restore starts a VM from the template, and leaves it paused.
func (s *Samples) Restore(ctx context.Context) (*Sample, error) {
	if s.template == nil {
		return nil, &machine.NoTemplateError{Reason: "templates are disabled"}
	}
	m, err := s.work.host.Restore(ctx, s.work.spec, s.template)
	if err != nil {
		return nil, err
	}
	return &Sample{m, s}, nil
}

// Boot starts a VM and brings it up until its cell can run.
func (s *Samples) Boot(ctx context.Context) (*Sample, error) {
	m, err := s.work.host.Boot(ctx, s.work.spec)
	if err != nil {
		return nil, err
	}
	return &Sample{m, s}, nil
}

// Run runs the cell and returns its result. The VM keeps running. The error says
// why there is no result.
func (x *Sample) Run(ctx context.Context) (results.Attempt, error) {
	if err := x.Resume(ctx); err != nil {
		return results.Attempt{}, err
	}
	j := x.of.work.job
	c := &cell{Cell: j.Cells[0]}
	b := &batch{run: j.Run, m: x.Machine, spec: x.of.work.spec, suites: x.of.x.suites, cells: []*cell{c}, onStart: func(*cell) {}}
	var got results.Attempt
	b.report = func(c *cell, d verdict.Decision) { got = attempt(c, d) }
	if err := b.execute(ctx); !c.reported {
		return got, fmt.Errorf("%s has no result: %w", c.Test.Name(), err)
	}
	return got, nil
}
