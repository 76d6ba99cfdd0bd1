package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/deadline"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

// This file builds VM templates in layers: the kernel has booted and the agent
// responds; the modules are loaded and the filesystem is mounted; the suite's
// process has started and is parked. Each layer is built from the one below,
// and only on demand: going from the kernel's layer to a parked process takes
// as long as saving the layer in between.

// notes are what the builder of a template leaves for whoever restores it.
type notes struct {
	Requests uint64 `json:"requests"` // sent on the control channel so far
	Exec     uint64 `json:"exec"`     // the request that started the parked process; 0 for none
	Token    string `json:"token"`    // of that process
}

// templates are a Spec's templates by the suite whose process is parked in
// them; "" for none.
type templates struct {
	mu sync.Mutex
	m  map[string]*templateEntry
}

type templateEntry struct {
	mu  sync.Mutex
	t   *template.Template
	err error
}

// get returns the template of a suite; the first caller builds it. That the
// kernel died on the way, or that there can be no such template, is remembered;
// the lab's own faults are not.
func (s *templates) get(suite string, make func() (*template.Template, error)) (*template.Template, error) {
	s.mu.Lock()
	if s.m == nil {
		s.m = map[string]*templateEntry{}
	}
	e := s.m[suite]
	if e == nil {
		e = &templateEntry{}
		s.m[suite] = e
	}
	s.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.t != nil || e.err != nil {
		return e.t, e.err
	}
	t, err := make()
	var end *verdict.Termination
	var none *NoTemplateError
	switch {
	case err == nil:
		e.t = t
	case errors.As(err, &end) && end.Verdict != outcome.Infra, errors.As(err, &none):
		e.err = err
	}
	return t, err
}

// release releases the templates in use.
func (s *templates) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.m {
		e.mu.Lock()
		if e.t != nil {
			e.t.Release()
			e.t = nil
		}
		e.mu.Unlock()
	}
}

// NoTemplateError says why there is no template of a VM. The VM can still be
// booted.
type NoTemplateError struct {
	Reason string
}

func (e *NoTemplateError) Error() string { return e.Reason }

// cannotRestore is why VMs of this spec are always booted; empty if they are
// not.
func (h *Host) cannotRestore(ctx context.Context, spec *Spec) (string, error) {
	for _, d := range spec.disks {
		if d.Driver != vm.VirtioBlk {
			return fmt.Sprintf("QEMU cannot save a VM with a %s disk", d.Driver), nil
		}
	}
	return vm.CannotRestore(ctx, spec.arch, h.QEMU(spec.arch))
}

// Template returns the template of a spec with a suite's process parked in it,
// or none for "". The error is a *verdict.Termination if the kernel did not get
// that far, and a *NoTemplateError if the VM has to be booted.
func (h *Host) Template(ctx context.Context, spec *Spec, suite string) (*template.Template, error) {
	return spec.templates.get(suite, func() (*template.Template, error) {
		switch why, err := h.cannotRestore(ctx, spec); {
		case err != nil:
			return nil, err
		case why != "":
			return nil, &NoTemplateError{why}
		}
		over := spec.preparation()
		over.Over = true
		defer h.observe(over)
		key, err := h.templateKey(ctx, spec, suite)
		if err != nil {
			return nil, err
		}
		t, err := h.Templates.Get(ctx, key, func(ctx context.Context, dir string) (any, error) {
			return h.makeTemplate(ctx, spec, suite, dir)
		})
		var end *verdict.Termination
		var none *NoTemplateError
		switch {
		case errors.As(err, &end) && spec.base != nil && end.Verdict != outcome.Infra && end.Verdict != outcome.Skip:
			return nil, h.confirm(ctx, spec, end)
		case err == nil, ctx.Err() != nil, errors.As(err, &end), errors.As(err, &none):
			return t, err
		}
		return nil, &NoTemplateError{err.Error()}
	})
}

// KernelTemplate returns the template of the kernel alone, from which those of
// its profiles are built; nil if there is none.
func (h *Host) KernelTemplate(ctx context.Context, spec *Spec) (*template.Template, error) {
	if spec.base == nil {
		return nil, nil
	}
	return h.Template(ctx, spec.base, "")
}

// confirm boots a VM whose template could not be built and returns how that
// ended. If the booted VM gets that far, the kernel is not to blame.
func (h *Host) confirm(ctx context.Context, spec *Spec, end *verdict.Termination) error {
	m, err := h.Boot(ctx, spec)
	if err != nil {
		return err
	}
	m.VM.Kill()
	return verdict.Faultf("%s in a restored VM, but not in a booted one: %s", end.Verdict, end.Detail)
}

// preparation is the making of a spec's template.
func (spec *Spec) preparation() Preparation {
	if spec.profile == nil {
		return Preparation{Work: Booting, Kernel: spec.kernel.Release}
	}
	return Preparation{Work: Layering, Kernel: spec.kernel.Release, FS: spec.profile.Name}
}

// makeTemplate brings a VM up until a cell can run, parks the suite's test
// process and saves the VM in dir.
func (h *Host) makeTemplate(ctx context.Context, spec *Spec, suite, dir string) (any, error) {
	if err := h.checkSpace(dir); err != nil {
		return nil, err
	}
	// First, so that waiting for it is no part of making this layer.
	if _, err := h.KernelTemplate(ctx, spec); err != nil {
		return nil, err
	}
	h.observe(spec.preparation())
	m, err := h.machineToSave(ctx, spec, dir)
	if err != nil {
		return nil, err
	}
	defer m.VM.Kill()
	var n notes
	if suite != "" {
		if n, err = h.park(ctx, m, spec, suite); err != nil {
			return nil, err
		}
	}
	n.Requests = m.Agent.Sent()
	if err := m.VM.Save(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &NoTemplateError{fmt.Sprintf("QEMU cannot save the VM: %v", err)}
	}
	return n, nil
}

// checkSpace verifies that a VM's memory fits on the disk. QEMU maps the file,
// and a page that cannot be allocated would kill it with SIGBUS.
func (h *Host) checkSpace(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("template cache %s: %w", dir, err)
	}
	const slack = 128 << 20 // the disks' content, and the state of the devices
	free, need := fs.Bavail*uint64(fs.Bsize), uint64(h.MemoryMiB)<<20+slack
	if free < need {
		return &NoTemplateError{fmt.Sprintf("a template in %s could need %d MiB, of which %d are free: free some space there", dir, need>>20, free>>20)}
	}
	return nil
}

// machineToSave returns a VM with its spec's steps done, which keeps in dir what
// Save needs. It is restored from the layer below if there is one.
func (h *Host) machineToSave(ctx context.Context, spec *Spec, dir string) (*Machine, error) {
	cfg := h.VMConfig(spec)
	cfg.SaveTo = dir
	if spec.base == nil {
		m, err := h.start(ctx, cfg)
		if err != nil {
			return nil, err
		}
		if err := h.bringUp(ctx, m, spec); err != nil {
			m.VM.Kill()
			return nil, err
		}
		return m, nil
	}
	below, err := h.Template(ctx, spec.base, "")
	if err != nil {
		return nil, err
	}
	m, err := h.restore(ctx, cfg, below)
	if err != nil {
		return nil, err
	}
	err = m.Resume(ctx)
	if err == nil {
		bctx, cancel := deadline.With(ctx, h.BootTimeout, errTimeout)
		defer cancel()
		err = h.setUp(ctx, bctx, m, spec)
	}
	if err != nil {
		m.VM.Kill()
		return nil, err
	}
	return m, nil
}

// notesOf reads a template's notes.
func notesOf(t *template.Template) (notes, error) {
	var n notes
	if err := json.Unmarshal(t.Notes, &n); err != nil {
		return n, verdict.Faultf("template %s: %v", t.Dir, err)
	}
	return n, nil
}
