package kit

import (
	"errors"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Call is one system call of the program that a forked child runs.
type Call struct {
	Trap uintptr
	Args [6]uintptr
}

// Child is a copy of this process, as of fork(2).
type Child struct {
	c    *Cell
	pid  int
	dead bool
}

// Fork copies this process, including its memory, and lets the copy make the
// calls in order and exit. The Go runtime does not work in a single-threaded
// copy, so a child can only make system calls; it stores to memory by read(2).
// Everything that the calls point to must be allocated before and kept alive until
// the child has exited.
func (c *Cell) Fork(calls []Call) *Child {
	c.T.Helper()
	// Elsewhere the flags are first, and the order of the others, which differs
	// (CONFIG_CLONE_BACKWARDS), does not matter: they are 0.
	if runtime.GOARCH == "s390x" {
		c.Skip("clone(2) takes its flags in another place on s390x")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all, old := ^uint64(0), uint64(0)
	sigmask(&all, &old) // no Go signal handler may run in the child
	pid, e := fork(calls)
	sigmask(&old, nil)
	if e != 0 {
		c.Infra("clone: %s", ErrnoName(e))
	}
	ch := &Child{c: c, pid: int(pid)}
	c.T.Cleanup(func() {
		if !ch.dead {
			_ = unix.Kill(ch.pid, unix.SIGKILL)
			_, _ = unix.Wait4(ch.pid, nil, 0, nil)
		}
	})
	return ch
}

// fork returns in the parent only.
//
//go:nosplit
//go:norace
//go:noinline
func fork(calls []Call) (pid uintptr, e syscall.Errno) {
	pid, _, e = syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		return pid, e
	}
	status := uintptr(0)
	for i := range calls {
		call := &calls[i]
		_, _, e = syscall.RawSyscall6(call.Trap, call.Args[0], call.Args[1], call.Args[2], call.Args[3], call.Args[4], call.Args[5])
		if e != 0 {
			status = uintptr(i) + 1
			break
		}
	}
	for {
		_, _, _ = syscall.RawSyscall(unix.SYS_EXIT_GROUP, status, 0, 0)
	}
}

func sigmask(set, old *uint64) {
	_, _, _ = syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK,
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), unsafe.Sizeof(*set), 0, 0)
}

// Wait returns once the child has exited, with the number of its failed call,
// counted from 1, or 0. A child that does not exit ends the cell.
func (ch *Child) Wait() int {
	ch.c.T.Helper()
	var status unix.WaitStatus
	ended := Poll(100*time.Microsecond, func() bool {
		pid, err := unix.Wait4(ch.pid, &status, unix.WNOHANG, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			ch.c.Infra("wait4: %s", ErrnoName(err))
		}
		return pid == ch.pid
	})
	if !ended {
		ch.c.Infra("the child did not exit within %s", patience)
	}
	ch.dead = true
	if !status.Exited() {
		ch.c.Infra("the child was killed by %s", unix.SignalName(status.Signal()))
	}
	return status.ExitStatus()
}
