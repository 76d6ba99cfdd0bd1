package kit

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Thread is a system call on a separate thread.
type Thread struct {
	tid  int
	done chan error

	// The thread's /proc files, and a buffer for them. Both are allocated
	// before the call: a thread in a page fault may hold the mmap lock, so
	// allocating later could block behind the call being watched.
	stat int
	line [512]byte
}

// Start runs call on a separate thread.
func (c *Cell) Start(call func() error) *Thread {
	c.T.Helper()
	t := &Thread{done: make(chan error, 1)}
	opened := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		var err error
		t.tid = unix.Gettid()
		t.stat, err = unix.Open(fmt.Sprintf("/proc/self/task/%d/stat", t.tid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		opened <- err
		if err == nil {
			t.done <- call()
		}
	}()
	if err := <-opened; err != nil {
		c.Infra("open the stat file of a thread: %s", ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(t.stat) })
	return t
}

// Wait returns the call's result.
func (t *Thread) Wait() error { return <-t.done }

// AwaitBlocked returns once the thread sleeps in the given system call, and ends
// the cell if it does not.
func (c *Cell) AwaitBlocked(t *Thread, syscall int) {
	c.T.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for !t.sleepsIn(syscall) {
		select {
		case err := <-t.done:
			c.Infra("the call should have blocked but returned (%v)", err)
		case <-poll.C:
		}
		if time.Now().After(deadline) {
			c.Infra("the thread does not sleep in system call %d after %s", syscall, patience)
		}
	}
}

// sleepsIn reports, from /proc, whether the thread is in state S inside that
// system call. If /proc does not show the system call (it needs
// CONFIG_HAVE_ARCH_TRACEHOOK), wchan must be a pipe function.
func (t *Thread) sleepsIn(syscall int) bool { return t.is('S', syscall) }

// is reports whether the thread is in the given state of proc(5), inside that
// call.
func (t *Thread) is(state byte, syscall int) bool {
	if t.state() != state {
		return false
	}
	dir := fmt.Sprintf("/proc/self/task/%d/", t.tid)
	if call, err := os.ReadFile(dir + "syscall"); err == nil {
		f := bytes.Fields(call)
		return len(f) > 0 && string(f[0]) == strconv.Itoa(syscall)
	}
	wchan, err := os.ReadFile(dir + "wchan")
	return err == nil && bytes.Contains(wchan, []byte("pipe"))
}
