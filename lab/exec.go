package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/outcome"
)

// ExecSpec is one program to run on one kernel, as `go test -exec` asks for.
type ExecSpec struct {
	Kernel  kernels.Kernel
	Profile *images.Profile // nil: no filesystem under test; TMPDIR is a tmpfs then
	Binary  string
	Args    []string // without argv[0]; Go's own output flags are translated
	Env     []string
	// Dir is the directory that the program starts in. Its regular files and
	// its testdata directory are copied into the guest.
	Dir string
	// Modules are loaded before the program starts; one that the kernel does
	// not have is a *KernelError with a skip. OnDemand are in the image for
	// modprobe and for the kernel to ask for, as far as the kernel has them.
	Modules, OnDemand []string
	Stdout            io.Writer // the program's standard output and error, as they come
}

const (
	execBinary = "/exec/program"
	execWork   = "/exec/work" // the program's working directory
	execOut    = "/exec/out"  // what comes back
)

// Exec boots a VM, runs the program in it, brings back the files that its
// flags name, and returns its exit status: 128 plus the signal's number when
// a signal killed it. A kernel that ends before the program does is a
// *KernelError.
func (l *Lab) Exec(ctx context.Context, s ExecSpec) (int, error) {
	plan := planFiles(s)
	files, err := workFiles(s.Dir)
	if err != nil {
		return 0, err
	}
	files[execBinary] = s.Binary
	env := append(slices.Clone(s.Env), protocol.EnvGuest+"=1")
	made := slices.Clone(plan.made)
	if s.Profile != nil {
		env = append(env, "TMPDIR="+cellDir, protocol.EnvDir+"="+cellDir, protocol.EnvFS+"="+s.Profile.Name)
		made = append(made, cellDir)
	}
	env = append(env, plan.env...)
	m, cleanup, err := l.oneOff(ctx, &s.Kernel, s.Profile, files, images.Spec{Modules: s.Modules, OnDemand: s.OnDemand})
	if err != nil {
		return 0, kernelError(err)
	}
	defer cleanup()
	for _, dir := range made { // the agent makes only the directory it starts in
		if err := m.mkdir(ctx, dir); err != nil {
			return 0, kernelError(m.autopsyOr(ctx, err))
		}
	}
	exit, err := m.stream(ctx, protocol.Exec{
		Path: execBinary, Args: plan.args, Env: env, Dir: execWork, Token: newToken(),
	}, s.Stdout)
	if err != nil {
		return 0, kernelError(err)
	}
	if err := m.fetchAll(ctx, plan); err != nil {
		return 0, kernelError(m.autopsyOr(ctx, err))
	}
	return exitStatus(exit), nil
}

// oneOff boots a VM whose image is made for it alone, in a directory that
// goes with it, so that programs of one use do not fill the cache.
func (l *Lab) oneOff(ctx context.Context, k *kernels.Kernel, p *images.Profile, files map[string]string, extra images.Spec) (*machine, func(), error) {
	l.sweep()
	dir, err := os.MkdirTemp(l.tempDir(), oneOffPrefix)
	if err != nil {
		return nil, nil, fmt.Errorf("temporary directory in the cache: %w", err)
	}
	remove := func() { os.RemoveAll(dir) }
	spec, err := l.prepare(ctx, images.Builder{Dir: dir}, k, p, files, extra)
	if err != nil {
		remove()
		return nil, nil, err
	}
	m, err := l.boot(ctx, spec)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return m, func() { m.vm.Kill(); remove() }, nil
}

const oneOffPrefix = "exec-"

// sweep removes what one-off VMs left behind when the lab was killed. No
// program runs in one for days.
func (l *Lab) sweep() {
	left, _ := filepath.Glob(filepath.Join(l.tempDir(), oneOffPrefix+"*"))
	for _, dir := range left {
		if st, err := os.Stat(dir); err == nil && time.Since(st.ModTime()) > 7*24*time.Hour {
			_ = os.RemoveAll(dir) // it is tried again next time
		}
	}
}

func exitStatus(e *protocol.Exit) int {
	if e.Signal == "" {
		return e.Code
	}
	return 128 + int(signalNumber(e.Signal))
}

// kernelError separates what the kernel did from what the lab failed to do.
func kernelError(err error) error {
	var end *ended
	if !errors.As(err, &end) {
		return err
	}
	if end.verdict == outcome.Infra {
		return errors.New(end.detail)
	}
	return &KernelError{Verdict: end.verdict, Detail: end.detail, Console: end.console}
}

// autopsyOr returns why the machine died if it did, else err.
func (m *machine) autopsyOr(ctx context.Context, err error) error {
	if errors.Is(err, errChannel) {
		return m.autopsy(ctx, outcome.Crash, "while files were copied")
	}
	return err
}

// stream runs one program and passes its output on, byte by byte, up to the
// mark that ends it.
func (m *machine) stream(ctx context.Context, e protocol.Exec, w io.Writer) (*protocol.Exit, error) {
	reply, err := m.ctl.send(protocol.Request{Exec: &e})
	if err != nil {
		return nil, m.autopsy(ctx, outcome.Crash, "as the program was to start")
	}
	out := &untilMark{w: w, mark: "\n" + protocol.EndMark(e.Token) + "\n"}
	var exit *protocol.Exit
	for exit == nil || !out.done {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case b, ok := <-m.out:
			if !ok {
				out.flush()
				return nil, m.autopsy(ctx, outcome.Crash, "while the program ran")
			}
			if err := out.write(b); err != nil {
				return nil, fmt.Errorf("writing the program's output: %w", err)
			}
		case r := <-reply:
			if r.Exit == nil {
				return nil, infraf("the program could not be run: %s", r.Error)
			}
			exit, reply = r.Exit, nil
		case <-m.ctl.done:
			out.flush()
			return nil, m.autopsy(ctx, outcome.Crash, "while the program ran")
		}
	}
	return exit, nil
}

// untilMark passes bytes on as soon as they cannot be the beginning of the
// mark, and stops at the mark.
type untilMark struct {
	w    io.Writer
	mark string
	held string
	done bool
}

func (u *untilMark) write(b []byte) error {
	if u.done {
		return nil
	}
	s := u.held + string(b)
	if i := strings.Index(s, u.mark); i >= 0 {
		u.done, u.held = true, ""
		return u.pass(s[:i])
	}
	keep := 0
	for n := min(len(u.mark)-1, len(s)); n > 0; n-- {
		if strings.HasSuffix(s, u.mark[:n]) {
			keep = n
			break
		}
	}
	u.held = s[len(s)-keep:]
	return u.pass(s[:len(s)-keep])
}

func (u *untilMark) flush() { _ = u.pass(u.held); u.held = "" }

func (u *untilMark) pass(s string) error {
	_, err := io.WriteString(u.w, s)
	return err
}

// placeholder is the name of the empty file by which directories are made.
const placeholder = ".splicelab"

// mkdir makes a directory and those above it in the guest. A Put makes the
// directories of its file, so an empty file in it is all that it takes.
func (m *machine) mkdir(ctx context.Context, dir string) error {
	_, err := m.ctl.call(ctx, protocol.Request{Put: &protocol.Put{Path: path.Join(dir, placeholder), Mode: 0o644}})
	return err
}

// maxWorkFiles bounds what is copied into the guest: it becomes the guest's memory.
const maxWorkFiles = 64 << 20

// workFiles are the files of a program's working directory, by their place
// in the guest.
func workFiles(dir string) (map[string]string, error) { return filesOf(dir, execWork, true) }

// filesOf are everything below dir's testdata, and the regular files of dir
// too when all are wanted, by their place below the guest's directory. Links
// are followed, as `go test` does.
func filesOf(dir, guest string, all bool) (map[string]string, error) {
	files := map[string]string{}
	if dir == "" {
		return files, nil
	}
	var total int64
	add := func(p string) error {
		st, err := os.Stat(p)
		if err != nil || !st.Mode().IsRegular() {
			return nil // a dangling link or a socket: not data for a test
		}
		if total += st.Size(); total > maxWorkFiles {
			return fmt.Errorf("directory %s: its files and testdata exceed %d MiB, which do not fit a VM's memory: move large files elsewhere", dir, maxWorkFiles>>20)
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		files[path.Join(guest, filepath.ToSlash(rel))] = p
		return nil
	}
	top, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("working directory: %w", err)
	}
	for _, e := range top {
		if all && !e.IsDir() {
			if err := add(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	data := filepath.Join(dir, "testdata")
	if st, err := os.Stat(data); err != nil || !st.IsDir() {
		return files, nil
	}
	err = filepath.WalkDir(data, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(p)
	})
	return files, err
}
