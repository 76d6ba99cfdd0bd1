package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// settleTime bounds the wait for a child's killed stragglers to exit.
const settleTime = 2 * time.Second

// child is the process started for the host; there is at most one.
type child struct {
	reaper *reaper
	port   string // path of the output port

	mu      sync.Mutex
	running bool
	pid     int
}

// start runs e and returns once it has started; done is called exactly once,
// after it has exited and its output, with the end mark, has left the port.
func (c *child) start(e protocol.Exec, done func(protocol.Exit, error)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		return errors.New("a child is running already: kill it first")
	}
	if e.Dir == "" {
		e.Dir = "/"
	}
	if err := os.MkdirAll(e.Dir, 0o755); err != nil {
		return err
	}
	pid, status, err := c.fork(e)
	if err != nil {
		return err
	}
	c.pid, c.running = pid, true
	go func() { done(c.finish(e, <-status)) }()
	return nil
}

// fork starts the process in its own session, with its standard files set up.
func (c *child) fork(e protocol.Exec) (int, <-chan syscall.WaitStatus, error) {
	mode := raw
	if e.Terminal {
		mode = cooked
	}
	out, err := openPort(c.port, mode)
	if err != nil {
		return 0, nil, err
	}
	defer out.Close()
	in := out
	if e.Terminal {
		if err := unix.IoctlSetInt(int(out.Fd()), unix.TCFLSH, unix.TCIFLUSH); err != nil {
			return 0, nil, fmt.Errorf("flushing %s: %w", c.port, err)
		}
		if err := setWinsize(out, e.Rows, e.Cols); err != nil {
			return 0, nil, err
		}
	} else if !e.Input {
		if in, err = os.Open(os.DevNull); err != nil {
			return 0, nil, err
		}
		defer in.Close()
	}
	attr := &syscall.ProcAttr{
		Dir:   e.Dir,
		Env:   environment(e.Env),
		Files: []uintptr{in.Fd(), out.Fd(), out.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true, Setctty: e.Terminal},
	}
	path, argv := e.Path, append([]string{e.Path}, e.Args...)
	if e.Terminal {
		// Check here: the session leader would hide why the program does not
		// start.
		if err := unix.Access(path, unix.X_OK); err != nil {
			return 0, nil, &os.PathError{Op: "exec", Path: path, Err: err}
		}
		path, argv = "/proc/self/exe", append([]string{sessionName}, argv...)
	}
	return c.reaper.start(func() (int, error) {
		// oom_score_adj is inherited, and there is no hook between fork and
		// exec, so the agent briefly has the child's score.
		if err := setOOMScore(childOOMScore); err != nil {
			logf("%v", err)
		}
		pid, err := syscall.ForkExec(path, argv, attr)
		if err := setOOMScore(agentOOMScore); err != nil {
			logf("%v", err)
		}
		if err != nil {
			return 0, &os.PathError{Op: "exec", Path: e.Path, Err: err}
		}
		return pid, nil
	})
}

// finish cleans up after the child and marks the end of its output.
func (c *child) finish(e protocol.Exec, status syscall.WaitStatus) (protocol.Exit, error) {
	// Kill everything but the agent, not only the child's process group: a
	// daemon left behind by the test would write after the mark.
	if err := unix.Kill(-1, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		logf("killing the child's leftover processes: %v", err)
	}
	if !c.reaper.settle(settleTime) {
		logf("processes still running %v after SIGKILL", settleTime)
	}
	// Anything that the kernel logs from here on is not due to the child.
	logf("%s", protocol.EndOfLog(e.Token))
	err := c.mark(e.Token)
	c.mu.Lock()
	c.running = false
	c.mu.Unlock()
	if status.Signaled() {
		return protocol.Exit{Code: -1, Signal: unix.SignalName(status.Signal())}, err
	}
	return protocol.Exit{Code: status.ExitStatus()}, err
}

// mark ends the output. The port is reopened because the exit of a session
// leader hangs up the terminal and thus every older descriptor.
func (c *child) mark(token string) error {
	out, err := openPort(c.port, raw)
	if err != nil {
		return err
	}
	// The child may have stopped the output with tcflow(3).
	err = unix.IoctlSetInt(int(out.Fd()), unix.TCXONC, unix.TCOON)
	if err != nil {
		return closeWith(out, fmt.Errorf("restarting the output of %s: %w", c.port, err))
	}
	if err := drain(out); err != nil {
		return closeWith(out, err)
	}
	if _, err := out.WriteString("\n" + protocol.EndMark(token) + "\n"); err != nil {
		return closeWith(out, err)
	}
	return closeWith(out, drain(out))
}

// kill sends SIGKILL to the child's process group. A child that has exited
// already is no error: the host cannot know.
func (c *child) kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		return nil
	}
	if err := unix.Kill(-c.pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return os.NewSyscallError("kill", err)
	}
	return nil
}

// winsize changes the size of the child's terminal; the kernel sends SIGWINCH.
func (c *child) winsize(rows, cols int) error {
	fd, err := unix.Open(c.port, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: c.port, Err: err}
	}
	f := os.NewFile(uintptr(fd), c.port)
	return closeWith(f, setWinsize(f, rows, cols))
}

// environment adds what every process expects and the host did not set.
func environment(env []string) []string {
	env = slices.Clone(env)
	for _, kv := range []string{"PATH=/bbin:/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/root", "TMPDIR=/tmp"} {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.ContainsFunc(env, func(s string) bool { return strings.HasPrefix(s, name+"=") }) {
			env = append(env, kv)
		}
	}
	return env
}
