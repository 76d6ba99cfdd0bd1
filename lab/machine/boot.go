package machine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/deadline"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
)

// Boot starts a VM and brings it up, ready to run a cell. The error is ctx's or
// a *verdict.Termination that blames the kernel or the lab.
func (h *Host) Boot(ctx context.Context, spec *Spec) (*Machine, error) {
	began := time.Now()
	m, err := h.start(ctx, h.VMConfig(spec))
	if err != nil {
		return nil, err
	}
	if err := h.bringUp(ctx, m, spec); err != nil {
		m.VM.Kill()
		return nil, err
	}
	m.Spent.Boot = time.Since(began) - m.Spent.Spawn
	return m, nil
}

// AccelOf is the accelerator of a spec's VM.
func (h *Host) AccelOf(spec *Spec) vm.Accel {
	if !spec.arch.Native() {
		return vm.TCG
	}
	return h.Accel
}

// VMConfig is the configuration of a spec's VM.
func (h *Host) VMConfig(spec *Spec) vm.Config {
	return vm.Config{
		Arch: spec.arch, QEMU: h.QEMU(spec.arch), Unconfined: h.Unconfined, Accel: h.AccelOf(spec),
		Kernel: spec.kernel.BootImage(), Initrd: spec.initrd.Path, Append: h.KernelArgs,
		MemoryMiB: h.MemoryMiB, CPUs: h.CPUs, Disks: spec.disks, TempDir: h.TempDir,
	}
}

// start starts a VM and connects to it.
func (h *Host) start(ctx context.Context, cfg vm.Config) (*Machine, error) {
	v, err := vm.Start(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var start *vm.StartError
		if cfg.Template != "" && errors.As(err, &start) {
			return nil, &NoTemplateError{"QEMU cannot restore the VM: " + err.Error()}
		}
		return nil, verdict.Faultf("%v", err)
	}
	return &Machine{
		VM: v, Agent: NewAgent(v.Control()), Output: ReadOutput(v.Output(), v.Done()), Input: v.Output(),
		confirm: h.Confirm,
		Spent:   results.Timing{Spawn: v.Spawned(), Restore: v.Loaded()},
	}, nil
}

var errTimeout = errors.New("deadline passed")

// bringUp waits for the kernel to boot and mounts the filesystem.
func (h *Host) bringUp(ctx context.Context, m *Machine, spec *Spec) error {
	bctx, cancel := deadline.With(ctx, h.BootTimeout, errTimeout)
	defer cancel()

	var hello protocol.Hello
	select {
	case hello = <-m.Agent.hello:
	case <-m.Agent.Done():
		return m.Died(ctx, verdict.Booting, "before the agent's hello")
	case <-bctx.Done():
		return h.bootTimedOut(ctx, m, verdict.Booting, "booting up to the agent's hello")
	}
	if hello.Version != protocol.Version {
		return verdict.Faultf("the agent has protocol %d and this lab %d: the guest programs are of another version", hello.Version, protocol.Version)
	}
	if hello.Release != spec.kernel.Release {
		return verdict.Faultf("the kernel reports the release %q, not %q", hello.Release, spec.kernel.Release)
	}
	return h.setUp(ctx, bctx, m, spec)
}

// Step is one of the requests that lead to a mounted filesystem.
type Step struct {
	What    string
	Request protocol.Request
}

// Steps are a spec's steps, in order.
func (spec *Spec) Steps() []Step {
	steps := []Step{{"setting the clock", protocol.Request{Clock: &protocol.Clock{UnixNano: time.Now().UnixNano()}}}}
	if len(spec.initrd.Load)+len(spec.modules) > 0 {
		steps = append(steps, Step{"loading modules", protocol.Request{Modules: &protocol.Modules{Paths: spec.initrd.Load, Names: spec.modules}}})
	}
	if spec.profile == nil {
		return steps
	}
	for i, s := range spec.profile.Steps(MountPoint) {
		if i == 0 {
			s.Mkdirs = append(s.Mkdirs, spareDir)
		}
		steps = append(steps, Step{"mounting " + s.Type, protocol.Request{Mount: &protocol.Mount{
			Device: s.Device, Type: s.Type, Target: s.Target, Options: s.Options, Mkdirs: s.Mkdirs}}})
	}
	return steps
}

// setUp executes the steps on a VM with a responsive agent. bctx ends at the
// boot deadline.
func (h *Host) setUp(ctx, bctx context.Context, m *Machine, spec *Spec) error {
	for _, s := range spec.Steps() {
		_, err := m.Agent.Call(bctx, s.Request)
		var refused *guestError
		switch {
		case err == nil:
		case errors.As(err, &refused) && s.Request.Mount != nil:
			return verdict.Terminated(verdict.Evidence{Phase: verdict.SettingUp,
				Unable: refusal(s.What, refused.reply), UnableLog: strings.Join(refused.reply.Log, "\n")})
		case errors.As(err, &refused):
			return verdict.Faultf("%s: %s", s.What, refusal(s.What, refused.reply))
		case ctx.Err() != nil:
			return ctx.Err()
		case bctx.Err() != nil:
			return h.bootTimedOut(ctx, m, verdict.SettingUp, s.What)
		default:
			return m.Died(ctx, verdict.SettingUp, "while "+s.What)
		}
	}
	return nil
}

// refusal describes a failed step in one sentence: errno and the kernel's last
// log line, which has the reason.
func refusal(what string, r protocol.Reply) string {
	s := fmt.Sprintf("%s was refused: %s", what, r.Error)
	if r.Errno != "" && !strings.Contains(r.Error, r.Errno) {
		s += " (" + r.Errno + ")"
	}
	if n := len(r.Log); n > 0 {
		s += "; kernel log: " + r.Log[n-1]
	}
	return s
}

// bootTimedOut is the termination of a VM that was not ready by the deadline.
func (h *Host) bootTimedOut(ctx context.Context, m *Machine, phase verdict.Phase, waitingFor string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return verdict.Terminated(verdict.Evidence{Phase: phase, Log: string(m.VM.Console().Bytes()),
		Overdue: &verdict.Overdue{For: waitingFor, Limit: h.BootTimeout, CPU: m.VM.CPUTime()}})
}
