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

// Thread is a system call that a thread of its own was sent into.
type Thread struct {
	tid  int
	done chan error
}

// Start runs call on a thread of its own.
func (c *Cell) Start(call func() error) *Thread {
	t := &Thread{done: make(chan error, 1)}
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		tid <- unix.Gettid()
		t.done <- call()
	}()
	t.tid = <-tid
	return t
}

// Wait returns what the call came to.
func (t *Thread) Wait() error { return <-t.done }

// AwaitBlocked returns once the thread sleeps in the system call of that
// number, and ends the cell when it does not come to that.
func (c *Cell) AwaitBlocked(t *Thread, syscall int) {
	c.T.Helper()
	deadline := time.Now().Add(patience)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for !t.sleepsIn(syscall) {
		select {
		case err := <-t.done:
			c.Infra("the call was to block and returned (%v)", err)
		case <-poll.C:
		}
		if time.Now().After(deadline) {
			c.Infra("the thread does not sleep in system call %d after %s", syscall, patience)
		}
	}
}

// sleepsIn reads /proc: the state of the thread is S, and it is inside that
// system call. Where the kernel does not tell the call (it needs
// CONFIG_HAVE_ARCH_TRACEHOOK), the function it waits in must be a pipe's.
func (t *Thread) sleepsIn(syscall int) bool { return t.is('S', syscall) }

// is reports whether the thread is in a state of proc(5), inside that call.
func (t *Thread) is(state byte, syscall int) bool {
	dir := fmt.Sprintf("/proc/self/task/%d/", t.tid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return false
	}
	// The command's name, in parentheses, may hold anything.
	after := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(after) == 0 || after[0][0] != state {
		return false
	}
	if call, err := os.ReadFile(dir + "syscall"); err == nil {
		f := bytes.Fields(call)
		return len(f) > 0 && string(f[0]) == strconv.Itoa(syscall)
	}
	wchan, err := os.ReadFile(dir + "wchan")
	return err == nil && bytes.Contains(wchan, []byte("pipe"))
}
