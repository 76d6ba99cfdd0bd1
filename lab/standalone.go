package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/vm"
)

// Standalone is a machine that runs one cell with no lab beside it.
type Standalone struct {
	// Files are those of the machine, by the names that Args has for them.
	Files map[string]string
	// Args is QEMU's command line, for each accelerator, but for the three
	// serial ports: console, control and output.
	Args map[vm.Accel][]string
	// Test is the cell's test as Go names it in its output.
	Test string
}

// Accel is the accelerator that the lab's machines run with.
func (l *Lab) Accel() vm.Accel { return l.cfg.Accel }

// The names of a standalone machine's files.
const (
	standaloneKernel = "kernel"
	standaloneInitrd = "initramfs.cpio"
	standaloneDisk   = "disk.img"
	standaloneConfig = "config"
)

// Standalone makes the machine of a plan's one cell. Its image, which is made
// in dir, holds the requests that the lab would send, so that the guest mounts
// the filesystem, runs the test and powers off by itself.
func (l *Lab) Standalone(ctx context.Context, p Plan, dir string) (Standalone, error) {
	p.Tests = uncontrolled(p.Tests)
	if p.Cells() != 1 {
		return Standalone{}, fmt.Errorf("%d cells cannot be made one machine", p.Cells())
	}
	k, t := p.Kernels[0], p.Tests[0]
	files, err := l.suiteFiles(p)
	if err != nil {
		return Standalone{}, err
	}
	modules, err := p.modules()
	if err != nil {
		return Standalone{}, err
	}
	scriptFile := filepath.Join(dir, "script")
	files[protocol.ScriptFile] = scriptFile
	// The image is made of the script, whose steps need to know the image's
	// modules: those are the same without it.
	spec := &machineSpec{kernel: &k, profile: &p.Profiles[0]}
	is := images.Spec{Kernel: k, Agent: filepath.Join(l.cfg.GuestDir, agentFile), Files: files, OnDemand: modules}
	if spec.modules, err = l.equip(ctx, spec); err != nil {
		return Standalone{}, err
	}
	is.OnDemand = append(is.OnDemand, spec.modules...)
	if err := os.WriteFile(scriptFile, l.script(spec, t), 0o644); err != nil {
		return Standalone{}, err
	}
	if spec.initrd, err = (images.Builder{Dir: dir}).Initramfs(ctx, is); err != nil {
		return Standalone{}, err
	}
	return l.standalone(spec, t, dir)
}

// uncontrolled leaves out the control cells.
func uncontrolled(tests []PlannedTest) []PlannedTest {
	var kept []PlannedTest
	for _, t := range tests {
		if !t.Control || len(tests) == 1 {
			kept = append(kept, t)
		}
	}
	return kept
}

// script is what the lab would ask of the guest.
func (l *Lab) script(spec *machineSpec, t PlannedTest) []byte {
	var requests []protocol.Request
	for _, s := range spec.steps() {
		requests = append(requests, s.req)
	}
	dir, env := cellDir, append(l.testEnv(spec), l.runEnv()...)
	if own, ok := l.own(t.Suite); ok {
		dir, env = own.workDir(), append(env, "TMPDIR="+cellDir)
		requests = append(requests, protocol.Request{Put: &protocol.Put{Path: path.Join(cellDir, placeholder), Mode: 0o644}})
	}
	requests = append(requests,
		protocol.Request{Exec: &protocol.Exec{Path: suitePath(t.Suite), Args: []string{"-test.v", "-test.timeout=0", "-test.count=1", "-test.run=" + runPattern([]PlannedTest{t})},
			Env: env, Dir: dir, Token: newToken()}},
		protocol.Request{PowerOff: &protocol.PowerOff{}})
	var text bytes.Buffer
	for i, r := range requests {
		r.ID = uint64(i + 1)
		line, err := protocol.Encode(r)
		if err != nil {
			panic(err) // a request is made of texts and numbers
		}
		text.Write(line)
	}
	return text.Bytes()
}

// standalone links a spec's files into dir under the names that a standalone
// machine has for them.
func (l *Lab) standalone(spec *machineSpec, t PlannedTest, dir string) (Standalone, error) {
	out := Standalone{Files: map[string]string{}, Args: map[vm.Accel][]string{}, Test: t.goName()}
	cfg := l.vmConfig(spec)
	link := func(name, from string) (string, error) {
		to := filepath.Join(dir, name)
		out.Files[name] = from
		return to, os.Symlink(from, to)
	}
	var err error
	if cfg.Kernel, err = link(standaloneKernel, cfg.Kernel); err != nil {
		return out, err
	}
	if cfg.Initrd, err = link(standaloneInitrd, cfg.Initrd); err != nil {
		return out, err
	}
	for i, d := range cfg.Disks {
		if cfg.Disks[i].Path, err = link(standaloneDisk, d.Path); err != nil {
			return out, err
		}
	}
	if spec.kernel.Config != "" {
		if _, err = link(standaloneConfig, spec.kernel.Config); err != nil {
			return out, err
		}
	}
	for _, accel := range []vm.Accel{vm.TCG, vm.KVM} {
		cfg.Accel = accel
		if out.Args[accel], err = cfg.Standalone(); err != nil {
			return out, err
		}
	}
	return out, nil
}
