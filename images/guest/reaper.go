package main

import (
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// The OOM killer must choose the child, which used the memory, and never PID 1,
// whose death panics the kernel.
const (
	agentOOMScore = -1000
	childOOMScore = 0
)

// setOOMScore sets the agent's own oom_score_adj, which children inherit.
func setOOMScore(score int) error {
	return writeSetting("/proc/self/oom_score_adj", strconv.Itoa(score))
}

// reaper waits for every process of the guest: orphans become children of PID
// 1, so waiting for a single pid would let zombies pile up.
type reaper struct {
	mu      sync.Mutex
	waiters map[int]chan syscall.WaitStatus
	changed chan struct{} // closed and replaced after each round of reaping
	none    bool          // the last round found no children at all
}

// newReaper starts reaping.
func newReaper() *reaper {
	r := &reaper{waiters: make(map[int]chan syscall.WaitStatus), changed: make(chan struct{})}
	child := make(chan os.Signal, 1)
	signal.Notify(child, syscall.SIGCHLD)
	go func() {
		for range child {
			r.reap()
		}
	}()
	return r
}

// start forks under the reaper's lock, so that a child which exits at once is
// not reaped before it is registered. The channel gets its exit status.
func (r *reaper) start(fork func() (int, error)) (int, <-chan syscall.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := fork()
	if err != nil {
		return 0, nil, err
	}
	done := make(chan syscall.WaitStatus, 1)
	r.waiters[pid] = done
	r.none = false
	return pid, done, nil
}

func (r *reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid <= 0 {
			r.none = err == syscall.ECHILD
			break
		}
		if done, ok := r.waiters[pid]; ok {
			delete(r.waiters, pid)
			done <- status
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// settle waits until no child is left, for at most d: one that is stuck in the
// kernel may never exit. Noticing that is up to the host.
func (r *reaper) settle(d time.Duration) bool {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		none, changed := r.none, r.changed
		r.mu.Unlock()
		if none {
			return true
		}
		select {
		case <-changed:
		case <-deadline.C:
			return false
		}
	}
}
