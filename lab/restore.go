package lab

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"splicelab/lab/template"
	"splicelab/lab/vm"
	"splicelab/lab/wire"
	"splicelab/lab/wire/thaw"
	"splicelab/outcome"
)

// This file makes templates of machines, and machines of templates.

// notes are what whoever makes a template tells whoever restores it.
type notes struct {
	Requests uint64 `json:"requests"` // that the control channel has carried
	Exec     uint64 `json:"exec"`     // the request that started the waiting process; 0 for none
	Token    string `json:"token"`    // of that process
}

// held is a test process that waits for its Release.
type held struct {
	exec  uint64
	token string
}

// templates are those of a machineSpec, by the suite whose process waits in
// them; "" is the one in which none does.
type templates struct {
	mu sync.Mutex
	m  map[string]*templateEntry
}

type templateEntry struct {
	once sync.Once
	t    *template.Template
	err  error
}

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
	e.once.Do(func() { e.t, e.err = make() })
	return e.t, e.err
}

// release gives back what is in use.
func (s *templates) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.m {
		if e.t != nil {
			e.t.Release()
		}
	}
}

// cannotRestore says why machines of this spec are always booted; empty when
// they are not.
func (s *machineSpec) cannotRestore() string {
	for _, d := range s.disks {
		if d.Driver != vm.VirtioBlk {
			return fmt.Sprintf("QEMU cannot save a %s disk", d.Driver)
		}
	}
	return ""
}

// templateKey stands for everything that goes into a template.
func (l *Lab) templateKey(spec *machineSpec, suite string) (string, error) {
	qemu, err := vm.Identity(l.cfg.QEMU)
	if err != nil {
		return "", err
	}
	in := struct {
		Format   int
		QEMU     string
		Machine  []string
		Kernel   string
		Initrd   string
		Disks    []string
		Profile  any
		Wire     int
		Suite    string
		Env      []string
		Deadline time.Duration
	}{Format: 1, QEMU: qemu, Kernel: spec.kernel.Digest, Initrd: spec.initrd.Digest, Profile: spec.profile, Wire: wire.Version, Suite: suite}
	cfg := l.vmConfig(spec)
	in.Machine = cfg.Identity()
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

// restore returns a machine that goes on from where the template stands.
func (l *Lab) restore(ctx context.Context, spec *machineSpec, suite string) (*machine, error) {
	t, err := spec.templates.get(suite, func() (*template.Template, error) {
		key, err := l.templateKey(spec, suite)
		if err != nil {
			return nil, err
		}
		return l.templates.Get(ctx, key, func(ctx context.Context, dir string) (any, error) {
			return l.makeTemplate(ctx, spec, suite, dir)
		})
	})
	if err != nil {
		return nil, err
	}
	var n notes
	if err := json.Unmarshal(t.Notes, &n); err != nil {
		return nil, infraf("template %s: %v", t.Dir, err)
	}
	cfg := l.vmConfig(spec)
	cfg.Template = t.Dir
	m, err := l.startVM(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m.ctl.resume(n.Requests)
	if n.Exec != 0 {
		m.held = &held{n.Exec, n.Token}
	}
	if err := m.vm.(*vm.VM).Continue(ctx); err != nil {
		m.vm.Kill()
		return nil, infraf("the restored machine does not go on: %v", err)
	}
	if m.held == nil {
		if _, err := m.ctl.call(ctx, wire.Request{Clock: &wire.Clock{UnixNano: time.Now().UnixNano(), Entropy: entropy()}}); err != nil {
			defer m.vm.Kill()
			return nil, m.autopsyOr(ctx, err)
		}
	}
	return m, nil
}

func entropy() []byte {
	b := make([]byte, thaw.EntropyLen)
	_, _ = rand.Read(b) // never fails
	return b
}

// makeTemplate boots a machine, brings it to where a cell can run, has the
// suite's test process start and wait there, and saves it in dir.
func (l *Lab) makeTemplate(ctx context.Context, spec *machineSpec, suite, dir string) (any, error) {
	cfg := l.vmConfig(spec)
	cfg.Keep = dir
	m, err := l.startVM(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer m.vm.Kill()
	if err := l.bringUp(ctx, m, spec); err != nil {
		return nil, err
	}
	var n notes
	if suite != "" {
		if n, err = l.hold(ctx, m, spec, suite); err != nil {
			return nil, err
		}
	}
	n.Requests = m.ctl.sent()
	if err := m.vm.(*vm.VM).Save(ctx); err != nil {
		return nil, infraf("saving the machine: %v", err)
	}
	return n, nil
}

// hold starts the suite's test process and waits until it waits.
func (l *Lab) hold(ctx context.Context, m *machine, spec *machineSpec, suite string) (notes, error) {
	hctx, cancel := withDeadline(ctx, l.cfg.Deadlines.Cell, errBootDeadline)
	defer cancel()
	n := notes{Token: newToken()}
	reply, err := m.ctl.send(wire.Request{Exec: &wire.Exec{
		Path:  suitePath(suite),
		Args:  testArgs,
		Env:   append(l.testEnv(spec), wire.EnvHold+"=1", "GODEBUG=asyncpreemptoff=1"),
		Dir:   cellDir,
		Token: n.Token,
		Input: true,
	}})
	if err != nil {
		return n, m.autopsy(ctx, outcome.Crash, "as the test process was to start")
	}
	n.Exec = m.ctl.sent()
	var said strings.Builder
	for !strings.Contains(said.String(), wire.Holding+"\n") {
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

// machine returns one on which the first of these tests can run next.
func (l *Lab) machine(ctx context.Context, spec *machineSpec, tests []PlannedTest) (*machine, error) {
	if l.templates == nil || spec.cannotRestore() != "" {
		return l.boot(ctx, spec)
	}
	suite := tests[0].Suite
	if _, own := l.own(suite); own || len(tests) > 1 {
		suite = ""
	}
	return l.restore(ctx, spec, suite)
}
