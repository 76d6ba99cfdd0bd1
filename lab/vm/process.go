package vm

import (
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/confine"
)

// process is a child that dies with the lab.
type process struct {
	pid  int
	done chan struct{} // closed when it has been reaped
	exit Exit          // Code and Signal, once done is closed

	mu     sync.Mutex // held while signalling, so that pid is never another process's
	reaped bool
	cpu    time.Duration // its total CPU time, once reaped
}

// spawn starts cmd under the policy, in its own process group, so that a
// terminal's Ctrl-C goes to the lab only. It dies with the lab.
func spawn(cmd *exec.Cmd, policy confine.Policy) (*process, error) {
	// A grandchild with the output open would block Wait; the sandbox forbids
	// grandchildren, this is a second line of defence.
	cmd.WaitDelay = 5 * time.Second

	p := &process{done: make(chan struct{})}
	if err := policy.StartAndWait(cmd, func() { p.wait(cmd) }); err != nil {
		return nil, err
	}
	p.pid = cmd.Process.Pid
	return p, nil
}

func (p *process) wait(cmd *exec.Cmd) {
	// First wait without reaping, so that the pid stays allocated until the
	// lock guarantees that nobody is signalling it.
	for {
		err := unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.mu.Lock()
	_ = cmd.Wait() // its error repeats the state below
	p.reaped = true
	state := cmd.ProcessState
	p.cpu = state.UserTime() + state.SystemTime()
	p.mu.Unlock()

	p.exit.Code = state.ExitCode()
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		p.exit.Signal = ws.Signal()
	}
	close(p.done)
}

// kill sends SIGKILL to the process group; it may be called at any time.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	}
}

// cpuTime reads the CPU-time clock of the process.
func (p *process) cpuTime() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return p.cpu
	}
	// The ID of another process's CPU clock, as clock_getcpuclockid(3) computes
	// it: the complement of the pid above three bits of clock type, of which 2
	// is CPUCLOCK_SCHED.
	const cpuclockSched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.pid<<3|cpuclockSched), &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
