package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

// This file makes templates of machines, in layers: the kernel has booted and
// its agent answers; the modules are loaded and the filesystem is mounted; the
// suite's process has started and waits for the name of its test. A layer is
// made from the one below it, and only where somebody wants it: going on from
// the kernel's to a waiting process takes as long as saving what is between.

// notes are what whoever makes a template tells whoever restores it.
type notes struct {
	Requests uint64 `json:"requests"` // that the control channel has carried
	Exec     uint64 `json:"exec"`     // the request that started the waiting process; 0 for none
	Token    string `json:"token"`    // of that process
}

// templates are those of a machineSpec, by the suite whose process waits in
// them; "" is the one in which none does.
type templates struct {
	mu sync.Mutex
	m  map[string]*templateEntry
}

type templateEntry struct {
	mu  sync.Mutex
	t   *template.Template
	err error
}

// get returns the template of a suite, which the first who asks makes. That
// the kernel died on the way, or that there can be no such template, is found
// out once; the lab's own faults are not remembered.
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
	var end *ended
	var none *noTemplateError
	switch {
	case err == nil:
		e.t = t
	case errors.As(err, &end) && end.verdict != outcome.Infra, errors.As(err, &none):
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

// noTemplateError says why there is no template of a machine, which can be
// booted all the same.
type noTemplateError struct {
	reason string
}

func (e *noTemplateError) Error() string { return e.reason }

// cannotRestore says why machines of this spec are always booted; empty when
// they are not.
func (spec *machineSpec) cannotRestore() string {
	for _, d := range spec.disks {
		if d.Driver != vm.VirtioBlk {
			return fmt.Sprintf("QEMU cannot save a machine with a %s disk", d.Driver)
		}
	}
	return ""
}

// template returns the template of a spec in which a suite's process waits, or
// none for "". The error is an *ended when the kernel did not get there, and a
// *noTemplateError where booting is the way.
func (l *Lab) template(ctx context.Context, spec *machineSpec, suite string) (*template.Template, error) {
	if why := spec.cannotRestore(); why != "" {
		return nil, &noTemplateError{why}
	}
	return spec.templates.get(suite, func() (*template.Template, error) {
		key, err := l.templateKey(ctx, spec, suite)
		if err != nil {
			return nil, err
		}
		t, err := l.templates.Get(ctx, key, func(ctx context.Context, dir string) (any, error) {
			return l.makeTemplate(ctx, spec, suite, dir)
		})
		var end *ended
		var none *noTemplateError
		switch {
		case errors.As(err, &end) && spec.base != nil && end.verdict != outcome.Infra && end.verdict != outcome.Skip:
			return nil, l.confirm(ctx, spec, end)
		case err == nil, ctx.Err() != nil, errors.As(err, &end), errors.As(err, &none):
			return t, err
		}
		return nil, &noTemplateError{err.Error()}
	})
}

// confirm boots a machine that did not come to where its template is made, and
// returns how that ended. When it does get there, the end is not the kernel's.
func (l *Lab) confirm(ctx context.Context, spec *machineSpec, end *ended) error {
	m, err := l.boot(ctx, spec)
	if err != nil {
		return err
	}
	m.vm.Kill()
	return infraf("%s in a restored VM, which a booted one does not show: %s", end.verdict, end.detail)
}

// templateFormat is part of every key: raise it when the same machine has to
// give a different template than before.
const templateFormat = 1

// templateKey stands for everything that goes into a template.
func (l *Lab) templateKey(ctx context.Context, spec *machineSpec, suite string) (string, error) {
	qemu, err := vm.Identity(ctx, l.cfg.QEMU)
	if err != nil {
		return "", err
	}
	hardware, err := l.vmConfig(spec).Identity()
	if err != nil {
		return "", err
	}
	in := struct {
		Format  int
		QEMU    string
		Machine []string
		Kernel  string
		Initrd  string
		Disks   []string
		Modules []string
		Profile any
		Wire    int
		Suite   string
		Env     []string
	}{
		Format: templateFormat, QEMU: qemu, Machine: hardware,
		Kernel: spec.kernel.Digest, Initrd: spec.initrd.Digest, Modules: spec.modules, Profile: spec.profile,
		Wire: protocol.Version, Suite: suite, Env: l.testEnv(spec),
	}
	for _, d := range spec.disks {
		in.Disks = append(in.Disks, d.Path) // content-addressed
	}
	b, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// makeTemplate brings a machine to where a cell can run, has the suite's test
// process start and wait there, and saves it in dir.
func (l *Lab) makeTemplate(ctx context.Context, spec *machineSpec, suite, dir string) (any, error) {
	if err := l.roomFor(dir); err != nil {
		return nil, err
	}
	m, err := l.machineToSave(ctx, spec, dir)
	if err != nil {
		return nil, err
	}
	defer m.vm.Kill()
	var n notes
	if suite != "" {
		if n, err = l.hold(ctx, m, spec, suite); err != nil {
			return nil, err
		}
	}
	n.Requests = m.ctl.sent()
	if err := m.vm.(*vm.VM).Save(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &noTemplateError{fmt.Sprintf("QEMU does not save the machine: %v", err)}
	}
	return n, nil
}

// roomFor makes sure that a machine's memory fits on the disk. QEMU maps the
// file, and a page that finds no room would kill it.
func (l *Lab) roomFor(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("template cache %s: %w", dir, err)
	}
	const slack = 128 << 20 // the disks' content, and the state of the devices
	free, need := fs.Bavail*uint64(fs.Bsize), uint64(l.cfg.MemoryMiB)<<20+slack
	if free < need {
		return &noTemplateError{fmt.Sprintf("a template in %s could need %d MiB, of which %d are free: make room or name another place with --cache", l.cfg.CacheDir, need>>20, free>>20)}
	}
	return nil
}

// machineToSave returns a machine that keeps in dir what Save needs, as far as
// its spec goes: from the layer below where there is one.
func (l *Lab) machineToSave(ctx context.Context, spec *machineSpec, dir string) (*machine, error) {
	cfg := l.vmConfig(spec)
	cfg.SaveTo = dir
	if spec.base == nil {
		m, err := l.startVM(ctx, cfg)
		if err != nil {
			return nil, err
		}
		if err := l.bringUp(ctx, m, spec); err != nil {
			m.vm.Kill()
			return nil, err
		}
		return m, nil
	}
	below, err := l.template(ctx, spec.base, "")
	if err != nil {
		return nil, err
	}
	m, err := l.fromTemplate(ctx, cfg, below)
	if err != nil {
		return nil, err
	}
	err = m.resume(ctx)
	if err == nil {
		bctx, cancel := withDeadline(ctx, l.cfg.Deadlines.Boot, errBootDeadline)
		defer cancel()
		err = l.setUp(ctx, bctx, m, spec)
	}
	if err != nil {
		m.vm.Kill()
		return nil, err
	}
	return m, nil
}

// hold starts the suite's test process and waits until it waits.
func (l *Lab) hold(ctx context.Context, m *machine, spec *machineSpec, suite string) (notes, error) {
	hctx, cancel := withDeadline(ctx, l.cfg.Deadlines.Cell, errBootDeadline)
	defer cancel()
	n := notes{Token: newToken()}
	reply, err := m.ctl.send(protocol.Request{Exec: &protocol.Exec{
		Path:  suitePath(suite),
		Args:  testArgs,
		Env:   append(l.testEnv(spec), protocol.EnvPark+"=1", "GODEBUG=asyncpreemptoff=1"),
		Dir:   cellDir,
		Token: n.Token,
		Input: true,
	}})
	if err != nil {
		return n, m.autopsy(ctx, outcome.Crash, "as the test process was to start")
	}
	n.Exec = m.ctl.sent()
	var said strings.Builder
	for !strings.Contains(said.String(), protocol.Parked+"\n") {
		select {
		case chunk, ok := <-m.out:
			if !ok {
				return n, m.autopsy(ctx, outcome.Crash, "as the test process started")
			}
			said.Write(chunk)
		case r := <-reply:
			return n, infraf("the test process ended before it began: %s %v; %s", r.Error, r.Exit, lastLine(said.String()))
		case <-m.ctl.done:
			return n, m.autopsy(ctx, outcome.Crash, "as the test process started")
		case <-hctx.Done():
			if ctx.Err() != nil {
				return n, ctx.Err()
			}
			return n, infraf("the test process does not say that it waits: %s", lastLine(said.String()))
		}
	}
	return n, nil
}
