// Package program runs a single program or a shell in its own VM, for `go test
// -exec` and interactive use. It stores nothing.
//
// Read program.go (one program), files.go (its input and output files),
// shell.go (a shell on the caller's terminal), oneshot.go (the VM).
package program

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
)

// Spec is one program to run on one kernel, as for `go test -exec`.
type Spec struct {
	Kernel  kernels.Kernel
	Profile *images.Profile // nil: no filesystem under test; TMPDIR is a tmpfs then
	Binary  string
	Args    []string // without argv[0]; Go's own output flags are translated
	Env     []string
	// Dir is the program's working directory. Its regular files and its testdata
	// directory are copied into the guest.
	Dir string
	// Modules are loaded before the program starts; a missing one is a
	// *KernelError with a skip. OnDemand are in the image for modprobe and
	// autoloading, as far as the kernel has them.
	Modules, OnDemand []string
	Stdout            io.Writer // the program's standard output and error, as they come
}

const (
	execBinary = "/exec/program"
	execWork   = "/exec/work" // the program's working directory
	execOut    = "/exec/out"  // output files, copied to the host
)

// Run boots a VM, runs the program in it, copies the files that its flags name to
// the host, and returns its exit status, which is 128 plus the signal's number if
// a signal killed it. If the kernel dies first, the error is a *KernelError.
func Run(ctx context.Context, h *machine.Host, s Spec) (int, error) {
	if err := s.fits(); err != nil {
		return 0, err
	}
	plan := planFiles(s)
	files, err := suite.DirFiles(s.Dir, execWork, true)
	if err != nil {
		return 0, err
	}
	files[execBinary] = s.Binary
	env := append(slices.Clone(s.Env), protocol.EnvGuest+"=1")
	dirs := slices.Clone(plan.made)
	if s.Profile != nil {
		env = append(env, "TMPDIR="+machine.CellDir, protocol.EnvDir+"="+machine.CellDir, protocol.EnvFS+"="+s.Profile.Name)
		dirs = append(dirs, machine.CellDir)
	}
	env = append(env, plan.env...)
	m, cleanup, err := oneShot(ctx, h, &s.Kernel, s.Profile, images.Spec{Files: files, Modules: s.Modules, OnDemand: s.OnDemand})
	if err != nil {
		return 0, kernelError(err)
	}
	defer cleanup()
	for _, dir := range dirs { // the agent creates only the working directory
		if err := m.Mkdir(ctx, dir); err != nil {
			return 0, kernelError(diedOr(ctx, m, err))
		}
	}
	exit, err := stream(ctx, m, protocol.Exec{
		Path: execBinary, Args: plan.args, Env: env, Dir: execWork, Token: machine.NewToken(),
	}, s.Stdout)
	if err != nil {
		return 0, kernelError(err)
	}
	if err := fetchAll(ctx, m, plan); err != nil {
		return 0, kernelError(diedOr(ctx, m, err))
	}
	return exitStatus(exit), nil
}

// ArchError reports a program that was built for another architecture than the
// kernel's.
type ArchError struct{ Program, Built, Kernel string }

func (e *ArchError) Error() string {
	return fmt.Sprintf("%s is a program for %s, and the kernel for %s: build it with GOARCH=%[3]s, or name another kernel", e.Program, e.Built, e.Kernel)
}

// BadInput marks the error as the user's.
func (*ArchError) BadInput() {}

// fits checks that the kernel can run the program. Whatever is wrong with it
// otherwise, the guest says.
func (s Spec) fits() error {
	a, err := machine.ArchOf(&s.Kernel)
	if err != nil {
		return err
	}
	f, err := elf.Open(s.Binary)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // only read
	if built, err := arch.OfMachine(f.Machine); err == nil && built.Name != a.Name {
		return &ArchError{s.Binary, built.Name, a.Name}
	}
	return nil
}

func exitStatus(e *protocol.Exit) int {
	if e.Signal == "" {
		return e.Code
	}
	return 128 + int(unix.SignalNum(e.Signal))
}

// KernelError reports that the kernel under test ended the VM before the
// program did.
type KernelError struct {
	Verdict outcome.Verdict // crash, hang, boot-fail or skip
	Detail  string
	Console string // excerpt of the kernel log
}

func (e *KernelError) Error() string { return string(e.Verdict) + ": " + e.Detail }

// kernelError turns a termination by the kernel into a *KernelError; it leaves
// the lab's own faults as they are.
func kernelError(err error) error {
	var end *verdict.Termination
	if !errors.As(err, &end) {
		return err
	}
	if end.Verdict == outcome.Infra {
		return errors.New(end.Detail)
	}
	return &KernelError{Verdict: end.Verdict, Detail: end.Detail, Console: end.Console}
}

// diedOr returns why the VM died if it did, else err.
func diedOr(ctx context.Context, m *machine.Machine, err error) error {
	if errors.Is(err, machine.ErrChannel) {
		return m.Died(ctx, verdict.Running, "while files were copied")
	}
	return err
}

// stream runs one program and forwards its output unchanged, up to the end mark.
func stream(ctx context.Context, m *machine.Machine, e protocol.Exec, w io.Writer) (*protocol.Exit, error) {
	reply, err := m.Agent.Send(protocol.Request{Exec: &e})
	if err != nil {
		return nil, m.Died(ctx, verdict.Running, "while the program started")
	}
	out := &untilMark{w: w, mark: "\n" + protocol.EndMark(e.Token) + "\n"}
	var exit *protocol.Exit
	for exit == nil || !out.done {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case b, ok := <-m.Output:
			if !ok {
				out.flush()
				return nil, m.Died(ctx, verdict.Running, "while the program ran")
			}
			if err := out.write(b); err != nil {
				return nil, fmt.Errorf("writing the program's output: %w", err)
			}
		case r := <-reply:
			if r.Exit == nil {
				return nil, verdict.Faultf("the program could not be run: %s", r.Error)
			}
			exit, reply = r.Exit, nil
		case <-m.Agent.Done():
			out.flush()
			return nil, m.Died(ctx, verdict.Running, "while the program ran")
		}
	}
	return exit, nil
}

// untilMark forwards bytes as soon as they cannot be the beginning of the mark,
// and stops at the mark.
type untilMark struct {
	w    io.Writer
	mark string
	kept string
	done bool
}

func (u *untilMark) write(b []byte) error {
	if u.done {
		return nil
	}
	s := u.kept + string(b)
	if i := strings.Index(s, u.mark); i >= 0 {
		u.done, u.kept = true, ""
		return u.pass(s[:i])
	}
	keep := 0
	for n := min(len(u.mark)-1, len(s)); n > 0; n-- {
		if strings.HasSuffix(s, u.mark[:n]) {
			keep = n
			break
		}
	}
	u.kept = s[len(s)-keep:]
	return u.pass(s[:len(s)-keep])
}

func (u *untilMark) flush() { _ = u.pass(u.kept); u.kept = "" }

func (u *untilMark) pass(s string) error {
	_, err := io.WriteString(u.w, s)
	return err
}
