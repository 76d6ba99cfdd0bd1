package vm

import (
	"errors"
	"os/exec"
	"runtime"
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

// spawn starts cmd in its own process group, so that a terminal's Ctrl-C goes to
// the lab only, and has the kernel kill it when the lab dies.
//
// The kernel sends the parent-death signal when the *thread* that forked exits,
// not the process, and Go ends idle threads at will. So the thread that forks
// is locked to one goroutine, which keeps it until the child is reaped.
// Everything that ends the lab, including kill -9 and a crash, ends that
// thread.
func spawn(cmd *exec.Cmd, policy confine.Policy) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,
		Pdeathsig: syscall.SIGKILL,
	}
	// A grandchild with the output open would block Wait; the sandbox forbids
	// grandchildren, this is a second line of defence.
	cmd.WaitDelay = 5 * time.Second

	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: it is confined
		err := policy.RestrictThread()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			p.pid = cmd.Process.Pid
			if err = policy.Limits.Apply(p.pid); err != nil {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}
		}
		started <- err
		if err == nil {
			p.wait(cmd)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) wait(cmd *exec.Cmd) {
	// First wait without reaping, so that the pid stays allocated until the
	// lock guarantees that nobody is signalling it.
	for {
		err := unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
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
