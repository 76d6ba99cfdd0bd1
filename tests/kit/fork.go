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

// Fork copies this process, memory and all, and lets the copy make the calls
// in order and exit. The Go runtime does not survive in a copy that has one
// thread, so a child can do nothing but system calls; what it is to store, a
// read(2) of it stores. All that the calls point to must have been allocated
// before and be kept alive until the child ended.
func (c *Cell) Fork(calls []Call) *Child {
	c.T.Helper()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		c.Skip("the arguments of clone(2) are known here for amd64 and arm64 alone, not for %s", runtime.GOARCH)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	all, old := ^uint64(0), uint64(0)
	sigmask(&all, &old) // no handler of Go's may run in the child
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

// fork returns in the parent alone.
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

// Wait returns once the child ended, with the number of its call that failed,
// counted from 1, or 0. One that does not end ends the cell.
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
		ch.c.Infra("the child does not end within %s", patience)
	}
	ch.dead = true
	if !status.Exited() {
		ch.c.Infra("the child was killed by %s", unix.SignalName(status.Signal()))
	}
	return status.ExitStatus()
}
