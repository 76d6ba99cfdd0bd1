package exec

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
)

// Standalone is a VM that runs one cell without the lab.
type Standalone struct {
	// Files are the VM's files, by the names that Args uses for them.
	Files map[string]string
	// Arch is the architecture of the guest.
	Arch arch.Arch
	// Args is QEMU's command line, for each accelerator that can run the guest on
	// a host of its own or of another architecture, without the serial ports: see
	// vm.StandalonePorts.
	Args map[vm.Accel][]string
	// Accel is the one that the lab uses for this guest.
	Accel vm.Accel
	// Test is the name of the cell's test in the output of the test binary.
	Test string
}

// The names of a standalone VM's files.
const (
	standaloneKernel = "kernel"
	standaloneInitrd = "initramfs.cpio"
	standaloneDisk   = "disk.img"
	standaloneConfig = "config"
)

// Standalone builds the VM of a job's only cell. Its image, built in dir,
// contains the requests that the lab would send, so that the guest mounts the
// filesystem, runs the test and powers off without the lab.
func (x *Local) Standalone(ctx context.Context, j job.Job, dir string) (Standalone, error) {
	k, err := x.kernel(ctx, j)
	if err != nil {
		return Standalone{}, err
	}
	spec, err := x.host.WithoutImage(ctx, k, &j.Profile)
	if err != nil {
		return Standalone{}, err
	}
	files, err := x.suites.Files(ctx, spec.Arch(), j.Run.SuiteNames())
	if err != nil {
		return Standalone{}, err
	}
	t := j.Cells[0].Test
	script, err := x.script(spec, j.Run, t)
	if err != nil {
		return Standalone{}, err
	}
	files[protocol.ScriptFile] = filepath.Join(dir, "script")
	if err := os.WriteFile(files[protocol.ScriptFile], script, 0o644); err != nil {
		return Standalone{}, err
	}
	if err := x.host.BuildImage(ctx, spec, images.Builder{Dir: dir}, images.Spec{Files: files, OnDemand: j.Run.Modules}); err != nil {
		return Standalone{}, err
	}
	return x.standalone(spec, t, dir)
}

// script is the requests that the lab would send.
func (x *Local) script(spec *machine.Spec, run job.Run, t plan.Test) ([]byte, error) {
	var requests []protocol.Request
	for _, s := range spec.Steps() {
		requests = append(requests, s.Request)
	}
	p := testProcess(x.suites, spec, run, t.Suite)
	if p.mkdir != "" {
		requests = append(requests, machine.PutDir(p.mkdir))
	}
	requests = append(requests,
		protocol.Request{Exec: &protocol.Exec{Path: suite.GuestPath(t.Suite), Args: []string{"-test.v", "-test.timeout=0", "-test.count=1", "-test.run=" + plan.RunPattern(t)},
			Env: p.env, Dir: p.dir, Token: machine.NewToken()}},
		protocol.Request{PowerOff: &protocol.PowerOff{}})
	var text bytes.Buffer
	for i, r := range requests {
		r.ID = uint64(i + 1)
		line, err := protocol.Encode(r)
		if err != nil {
			return nil, err
		}
		text.Write(line)
	}
	return text.Bytes(), nil
}

// standalone links a spec's files into dir under their names in a standalone
// VM.
func (x *Local) standalone(spec *machine.Spec, t plan.Test, dir string) (Standalone, error) {
	cfg := x.host.VMConfig(spec)
	out := Standalone{Arch: cfg.Arch, Accel: cfg.Accel, Files: map[string]string{}, Args: map[vm.Accel][]string{}, Test: t.GoName()}
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
	if config := spec.Kernel().Config; config != "" {
		if _, err = link(standaloneConfig, config); err != nil {
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
