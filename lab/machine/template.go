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

// This file makes templates of VMs, in layers: the kernel has booted and its
// agent answers; the modules are loaded and the filesystem is mounted; the
// suite's process has started and is parked. A layer is made from the one
// below it, and only where somebody wants it: getting from the kernel's layer
// to a parked process takes as long as saving what is between.

// notes are what the maker of a template passes on to whoever restores it.
type notes struct {
	Requests uint64 `json:"requests"` // that the control channel has carried
	Exec     uint64 `json:"exec"`     // the request that started the parked process; 0 for none
	Token    string `json:"token"`    // of that process
}

// templates are those of a Spec, by the suite whose process is parked in them;
// "" is the one in which none is.
type templates struct {
	mu sync.Mutex
	m  map[string]*templateEntry
}

type templateEntry struct {
	mu  sync.Mutex
	t   *template.Template
	err error
}

// get returns the template of a suite, which the first caller makes. That the
// kernel died on the way, or that there can be no such template, is found out
// once; the lab's own faults are not remembered.
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

// release gives back what is in use.
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

// NoTemplateError says why there is no template of a VM, which can be booted
// all the same.
type NoTemplateError struct {
	Reason string
}

func (e *NoTemplateError) Error() string { return e.Reason }

// cannotRestore says why VMs of this spec are always booted; empty when they
// are not.
func (spec *Spec) cannotRestore() string {
	for _, d := range spec.disks {
		if d.Driver != vm.VirtioBlk {
			return fmt.Sprintf("QEMU cannot save a VM with a %s disk", d.Driver)
		}
	}
	return ""
}

// Template returns the template of a spec in which a suite's process is
// parked, or none for "". The error is a *verdict.Termination when the kernel
// did not get there, and a *NoTemplateError where the VM has to be booted.
func (h *Host) Template(ctx context.Context, spec *Spec, suite string) (*template.Template, error) {
	if why := spec.cannotRestore(); why != "" {
		return nil, &NoTemplateError{why}
	}
	return spec.templates.get(suite, func() (*template.Template, error) {
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
// its profiles are made; nil where there is none.
func (h *Host) KernelTemplate(ctx context.Context, spec *Spec) (*template.Template, error) {
	if spec.base == nil {
		return nil, nil
	}
	return h.Template(ctx, spec.base, "")
}

// confirm boots a VM that did not get to where its template is made, and
// returns how that ended. When it does get there, the kernel is not to blame.
func (h *Host) confirm(ctx context.Context, spec *Spec, end *verdict.Termination) error {
	m, err := h.Boot(ctx, spec)
	if err != nil {
		return err
	}
	m.VM.Kill()
	return verdict.Faultf("%s in a restored VM, which a booted one does not show: %s", end.Verdict, end.Detail)
}

// makeTemplate brings a VM to where a cell can run, parks the suite's test
// process there, and saves the VM in dir.
func (h *Host) makeTemplate(ctx context.Context, spec *Spec, suite, dir string) (any, error) {
	if err := h.roomFor(dir); err != nil {
		return nil, err
	}
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
		return nil, &NoTemplateError{fmt.Sprintf("QEMU does not save the VM: %v", err)}
	}
	return n, nil
}

// roomFor makes sure that a VM's memory fits on the disk. QEMU maps the file,
// and a page that finds no room would kill it.
func (h *Host) roomFor(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("template cache %s: %w", dir, err)
	}
	const slack = 128 << 20 // the disks' content, and the state of the devices
	free, need := fs.Bavail*uint64(fs.Bsize), uint64(h.MemoryMiB)<<20+slack
	if free < need {
		return &NoTemplateError{fmt.Sprintf("a template in %s could need %d MiB, of which %d are free: make room there", dir, need>>20, free>>20)}
	}
	return nil
}

// machineToSave returns a VM that keeps in dir what Save needs, as far as its
// spec goes: from the layer below where there is one.
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

// notesOf reads what the maker of a template passed on.
func notesOf(t *template.Template) (notes, error) {
	var n notes
	if err := json.Unmarshal(t.Notes, &n); err != nil {
		return n, verdict.Faultf("template %s: %v", t.Dir, err)
	}
	return n, nil
}
