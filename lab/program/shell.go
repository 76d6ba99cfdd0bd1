package program

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/suite"
)

// ShellSpec is an interactive VM.
type ShellSpec struct {
	Kernel  kernels.Kernel
	Profile *images.Profile // mounted at /mnt/test; nil: none
	// Modules and OnDemand are those of Spec.
	Modules, OnDemand []string
	Terminal          *os.File // the caller's terminal
}

// Shell boots a VM with u-root's commands and connects its shell to the terminal
// until it exits. All keys go to the guest, Ctrl-C included, and the window size
// follows the terminal's. It returns the shell's exit status.
func Shell(ctx context.Context, h *machine.Host, s ShellSpec) (int, error) {
	commands, err := shellCommands(ctx, h, &s.Kernel)
	if err != nil {
		return 0, err
	}
	fd := int(s.Terminal.Fd())
	cols, rows, err := term.GetSize(fd)
	if err != nil {
		return 0, fmt.Errorf("a shell needs a terminal on standard input: %w", err)
	}
	m, cleanup, err := oneShot(ctx, h, &s.Kernel, s.Profile, images.Spec{Commands: commands, Modules: s.Modules, OnDemand: s.OnDemand})
	if err != nil {
		return 0, kernelError(err)
	}
	defer cleanup()

	old, err := term.MakeRaw(fd)
	if err != nil {
		return 0, fmt.Errorf("terminal: %w", err)
	}
	defer func() { _ = term.Restore(fd, old) }()

	resized := make(chan os.Signal, 1)
	signal.Notify(resized, unix.SIGWINCH)
	defer signal.Stop(resized)
	sctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for {
			select {
			case <-sctx.Done():
				return
			case <-resized:
				if c, r, err := term.GetSize(fd); err == nil {
					_, _ = m.Agent.Call(sctx, protocol.Request{Winsize: &protocol.Winsize{Rows: r, Cols: c}})
				}
			}
		}
	}()
	go typeInto(m, s.Terminal)

	dir := "/"
	if s.Profile != nil {
		dir = machine.MountPoint
	}
	exit, err := stream(ctx, m, protocol.Exec{
		Path: "/bbin/gosh", Dir: dir, Token: machine.NewToken(), Terminal: true, Rows: rows, Cols: cols,
		Env: []string{"TERM=" + guestTerm(), "PS1=" + s.Kernel.Release + "# "},
	}, s.Terminal)
	if err != nil {
		return 0, kernelError(err)
	}
	return exitStatus(exit), nil
}

// shellCommands is the file with u-root's commands for a kernel's architecture.
func shellCommands(ctx context.Context, h *machine.Host, k *kernels.Kernel) (string, error) {
	a, err := machine.ArchOf(k)
	if err != nil {
		return "", err
	}
	dir, err := h.Guest.Of(ctx, a)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bb")
	if _, err := os.Stat(path); err != nil {
		return "", &suite.MissingGuestError{Path: path}
	}
	return path, nil
}

func guestTerm() string {
	if t := os.Getenv("TERM"); t != "" {
		return t
	}
	return "vt100"
}

// typeInto copies keys to the guest's terminal until either end closes. When the
// shell exits it stays blocked in its last read, since the process exits next.
func typeInto(m *machine.Machine, from *os.File) {
	buf := make([]byte, 1024)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, werr := m.Input.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
