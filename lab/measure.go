package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
)

// This file opens the lab to those who measure it: the machines of one cell,
// outside any run, made as a run makes them.

// Specimens are machines of one cell, as many as somebody wants to look at.
type Specimens struct {
	runner   *runner
	group    group
	spec     *machineSpec
	template *template.Template
}

// Specimens prepares the machines of a plan's only cell, and their template
// unless the lab has none. Release must be called when they are done with. The
// error says why the cell cannot run, or not from a template.
func (l *Lab) Specimens(ctx context.Context, p Plan) (*Specimens, error) {
	if p.Cells() != 1 {
		return nil, fmt.Errorf("a plan of %d cells: machines can be had of one", p.Cells())
	}
	files, err := l.suiteFiles(p)
	if err != nil {
		return nil, err
	}
	modules, err := p.modules()
	if err != nil {
		return nil, err
	}
	s := &Specimens{
		runner: &runner{lab: l, plan: p, observer: discard{}, files: files, modules: modules, work: newWorkload(nil)},
		group:  p.groups(IsolationCell, nil)[0],
	}
	if s.spec, err = s.runner.spec(ctx, s.group); err == nil && l.templates != nil {
		s.template, err = l.template(ctx, s.spec, s.runner.topmost(s.group, s.group.tests))
	}
	if err != nil {
		s.Release()
		return nil, err
	}
	return s, nil
}

// Release gives the templates back. The machines must have ended.
func (s *Specimens) Release() { s.runner.specs.release() }

// Config is that of a machine that is booted.
func (s *Specimens) Config() vm.Config { return s.runner.lab.vmConfig(s.spec) }

// Template is the directory that the machines are restored from; empty for a
// lab that has none.
func (s *Specimens) Template() string {
	if s.template == nil {
		return ""
	}
	return s.template.Dir
}

// KernelLayer is the directory of the template of the kernel alone, which
// Template was made from; empty where there is none.
func (s *Specimens) KernelLayer(ctx context.Context) (string, error) {
	if s.template == nil || s.spec.base == nil {
		return "", nil
	}
	t, err := s.runner.lab.template(ctx, s.spec.base, "")
	if err != nil {
		return "", err
	}
	return t.Dir, nil
}

// Specimen is one machine. Whoever has it must Kill its VM.
type Specimen struct {
	of *Specimens
	m  *machine
}

// Restore starts a machine from the template, and leaves it at a standstill.
func (s *Specimens) Restore(ctx context.Context) (*Specimen, error) {
	if s.template == nil {
		return nil, &noTemplateError{"this lab restores no machine"}
	}
	m, err := s.runner.lab.fromTemplate(ctx, s.Config(), s.template)
	if err != nil {
		return nil, err
	}
	return &Specimen{s, m}, nil
}

// Boot starts a machine and brings it to where its cell can run.
func (s *Specimens) Boot(ctx context.Context) (*Specimen, error) {
	m, err := s.runner.lab.boot(ctx, s.spec)
	if err != nil {
		return nil, err
	}
	return &Specimen{s, m}, nil
}

// VM is the machine's QEMU.
func (x *Specimen) VM() *vm.VM { return x.m.vm.(*vm.VM) }

// Run runs the cell and returns what it came to. The machine lives on. The
// error says why there is no result.
func (x *Specimen) Run(ctx context.Context) (results.Attempt, error) {
	if err := x.m.resume(ctx); err != nil {
		return results.Attempt{}, err
	}
	c := &cell{test: x.of.group.tests[0]}
	b := &batch{lab: x.of.runner.lab, m: x.m, spec: x.of.spec, cells: []*cell{c}, onStart: func(*cell) {}}
	var got results.Attempt
	b.report = func(_ *cell, a results.Attempt) { got = a }
	if err := b.run(ctx); !c.reported {
		return got, fmt.Errorf("%s came to nothing: %w", c.test.Name(), err)
	}
	return got, nil
}

// Order puts the plan into the order in which Run takes it up, and returns in
// how many pieces. Expected are the durations of cells as far as any are
// known.
func (p Plan) Order(i Isolation, expected map[results.CellKey]time.Duration) int {
	return len(p.groups(i, expected))
}

// RunPattern is the -test.run expression that selects this test alone in its
// binary.
func RunPattern(t PlannedTest) string { return runPattern([]PlannedTest{t}) }
