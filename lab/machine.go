package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Places in the guest.
const (
	mountPoint = "/mnt/test" // the filesystem under test
	cellDir    = mountPoint + "/cells"
	spareDir   = "/mnt/spare" // an empty directory for a test's own mounts
	suiteDir   = "/tests"
)

// process is what the lab needs of a running VM; *vm.VM is one, and tests
// play one by a script.
type process interface {
	Console() *vm.Console
	Done() <-chan struct{} // exited, console drained
	Exit() vm.Exit         // valid after Done
	CPUTime() time.Duration
	Kill()
}

// machine is a VM whose agent answers and whose filesystem is mounted.
type machine struct {
	vm  process
	ctl *control
	out <-chan []byte // what comes over the output port; closed when the VM is gone
	// keys is the other direction of the output port: input of a terminal, or
	// of a process that waits.
	keys io.Writer
	// held is the test process that waits in a restored machine; nil for none.
	held     *held
	restored bool // from a template
	paused   bool // at a standstill, until resume
	// booted is why the machine was booted where others are restored.
	booted string
	spent  results.Timing // before its first cell
}

// outputChunk is the most that is read from the output port at once.
const outputChunk = 64 << 10

// boot starts a VM and brings it to where a cell can run. The error is an
// *ended that says whether kernel or lab is to blame, or ctx's error.
func (l *Lab) boot(ctx context.Context, spec *machineSpec) (*machine, error) {
	began := time.Now()
	m, err := l.startVM(ctx, l.vmConfig(spec))
	if err != nil {
		return nil, err
	}
	if err := l.bringUp(ctx, m, spec); err != nil {
		m.vm.Kill()
		return nil, err
	}
	m.spent.Boot = time.Since(began) - m.spent.Spawn
	return m, nil
}

// vmConfig is the VM that a spec describes.
func (l *Lab) vmConfig(spec *machineSpec) vm.Config {
	return vm.Config{
		QEMU: l.cfg.QEMU, Accel: l.cfg.Accel,
		Kernel: spec.kernel.BootImage(), Initrd: spec.initrd.Path, Append: l.cfg.KernelArgs,
		MemoryMiB: l.cfg.MemoryMiB, CPUs: l.cfg.CPUs, Disks: spec.disks, TempDir: l.tempDir(),
	}
}

// startVM starts a VM and listens to it.
func (l *Lab) startVM(ctx context.Context, cfg vm.Config) (*machine, error) {
	v, err := vm.Start(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var start *vm.StartError
		if cfg.Template != "" && errors.As(err, &start) {
			return nil, &noTemplateError{"QEMU does not restore the machine: " + err.Error()}
		}
		return nil, infraf("%v", err)
	}
	return &machine{
		vm: v, ctl: newControl(v.Control()), out: readOutput(v.Output(), v.Done()), keys: v.Output(),
		spent: results.Timing{Spawn: v.Spawned(), Restore: v.Loaded()},
	}, nil
}

func readOutput(port io.Reader, dead <-chan struct{}) <-chan []byte {
	out := make(chan []byte, 16)
	go func() {
		defer close(out)
		buf := make([]byte, outputChunk)
		for {
			n, err := port.Read(buf)
			if n > 0 {
				b := append([]byte(nil), buf[:n]...)
				select {
				case out <- b:
				case <-dead:
					// Whoever reads may still want what was there in time.
					select {
					case out <- b:
					default:
						return
					}
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

var errBootDeadline = errors.New("boot deadline")

// bringUp waits for the kernel to boot and puts the filesystem in its place.
func (l *Lab) bringUp(ctx context.Context, m *machine, spec *machineSpec) error {
	bctx, cancel := withDeadline(ctx, l.cfg.Deadlines.Boot, errBootDeadline)
	defer cancel()

	var hello protocol.Hello
	select {
	case hello = <-m.ctl.hello:
	case <-m.ctl.done:
		return m.autopsy(ctx, outcome.BootFail, "before the agent's first word")
	case <-bctx.Done():
		return l.bootTimeout(ctx, m, "the agent's first word")
	}
	if hello.Version != protocol.Version {
		return infraf("the agent speaks protocol %d, this lab %d: run `make build`", hello.Version, protocol.Version)
	}
	if hello.Release != spec.kernel.Release {
		return infraf("the kernel says it is %q, not %q", hello.Release, spec.kernel.Release)
	}
	return l.setUp(ctx, bctx, m, spec)
}

// step is one request on the way to a mounted filesystem.
type step struct {
	what string
	req  protocol.Request
}

// steps are those of a spec.
func (spec *machineSpec) steps() []step {
	steps := []step{{"setting the clock", protocol.Request{Clock: &protocol.Clock{UnixNano: time.Now().UnixNano()}}}}
	if len(spec.initrd.Load)+len(spec.modules) > 0 {
		steps = append(steps, step{"loading modules", protocol.Request{Modules: &protocol.Modules{Paths: spec.initrd.Load, Names: spec.modules}}})
	}
	if spec.profile == nil {
		return steps
	}
	for i, s := range spec.profile.Steps(mountPoint) {
		if i == 0 {
			s.Mkdirs = append(s.Mkdirs, spareDir)
		}
		steps = append(steps, step{"mounting " + s.Type, protocol.Request{Mount: &protocol.Mount{
			Device: s.Device, Type: s.Type, Target: s.Target, Options: s.Options, Mkdirs: s.Mkdirs}}})
	}
	return steps
}

// setUp takes the steps on a machine whose agent answers. bctx ends at the
// deadline for booting.
func (l *Lab) setUp(ctx, bctx context.Context, m *machine, spec *machineSpec) error {
	for _, s := range spec.steps() {
		_, err := m.ctl.call(bctx, s.req)
		var refused *guestError
		switch {
		case err == nil:
		case errors.As(err, &refused) && s.req.Mount != nil:
			return &ended{verdict: outcome.Skip, detail: refusal(s.what, refused.reply), console: strings.Join(refused.reply.Log, "\n")}
		case errors.As(err, &refused):
			return infraf("%s: %s", s.what, refusal(s.what, refused.reply))
		case ctx.Err() != nil:
			return ctx.Err()
		case bctx.Err() != nil:
			return l.bootTimeout(ctx, m, s.what)
		default:
			// The kernel was up: dying now is a crash, not a failure to boot.
			return m.autopsy(ctx, outcome.Crash, "while "+s.what)
		}
	}
	return nil
}

// refusal puts a failed step into one sentence: errno and the kernel's own
// reason, which is the last line that it logged.
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

// bootTimeout judges a VM that was not ready in time. One that neither
// printed nor computed may never have been given a processor: that is the
// lab's doing.
func (l *Lab) bootTimeout(ctx context.Context, m *machine, waitingFor string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	log := m.vm.Console().Bytes()
	if len(log) == 0 && m.vm.CPUTime() < time.Second {
		return infraf("QEMU used %s of processor time in %s and printed nothing", m.vm.CPUTime().Round(time.Millisecond), l.cfg.Deadlines.Boot)
	}
	detail := fmt.Sprintf("no end of %s within %s", waitingFor, l.cfg.Deadlines.Boot)
	if e, ok := console.Fatal(console.Parse(log)); ok {
		detail += ": " + e.Title
	} else if last := lastLine(string(log)); last != "" {
		detail += "; the last line of the kernel was: " + last
	}
	return &ended{verdict: outcome.BootFail, detail: detail, console: logTail(log)}
}

// autopsyWait is how long a VM whose channels broke may take to die before
// the channel itself is blamed. QEMU closes its sockets as it exits.
const autopsyWait = 5 * time.Second

// autopsy finds out why the VM's channels broke: the kernel died (verdict
// byKernel), or QEMU or the lab failed (infra). It returns ctx's error if
// that is why.
func (m *machine) autopsy(ctx context.Context, byKernel outcome.Verdict, when string) error {
	dctx, cancel := withDeadline(ctx, autopsyWait, errChannel)
	defer cancel()
	select {
	case <-m.vm.Done():
	case <-dctx.Done():
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return infraf("the control channel broke %s while the VM was running: %v", when, m.ctl.broken)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return m.death(byKernel, when, m.vm.Console().Bytes())
}

// death judges a VM that has exited, from its exit and its kernel log.
func (m *machine) death(byKernel outcome.Verdict, when string, log []byte) *ended {
	exit := m.vm.Exit()
	events := console.Parse(log)
	crash, crashed := console.Fatal(events)
	for _, e := range events {
		if crashed {
			break
		}
		switch e.Kind {
		case console.InitDied: // PID 1 is the lab's own agent; who killed it is not known
			return &ended{verdict: outcome.Infra, detail: fmt.Sprintf("the agent died %s: %s", when, e.Title), console: logTail(log)}
		case console.NoRoot:
			return &ended{verdict: outcome.Infra, detail: "the kernel did not take the initramfs: " + e.Title, console: logTail(log)}
		}
	}
	switch {
	case !exit.ByGuest():
		return &ended{verdict: outcome.Infra, detail: fmt.Sprintf("QEMU ended %s without the guest's doing: %s", when, exit), console: logTail(log)}
	case crashed:
		return &ended{verdict: byKernel, detail: crash.Title, console: strings.Join(crash.Excerpt, "\n")}
	default:
		return &ended{verdict: byKernel, detail: fmt.Sprintf("the VM ended %s without a word in the kernel log (%s)", when, exit.Reason), console: logTail(log)}
	}
}

func lastLine(s string) string {
	last := ""
	for l := range lines(s) {
		if strings.TrimSpace(l) != "" {
			last = l
		}
	}
	return last
}

// logTail is the end of a kernel log, enough for a person to see the context.
func logTail(log []byte) string {
	const most = 16 << 10
	if len(log) > most {
		log = log[len(log)-most:]
	}
	return string(log)
}
