// Package vm runs one QEMU process: it composes the command line, starts and
// watches the process, provides its serial ports and its QMP monitor, and ensures
// that QEMU never outlives the lab. It knows what QEMU is and how a VM terminates;
// it must not know what an agent, a cell or a verdict is, or what kernel messages
// on the console mean.
//
// Where to start reading: Config (config.go) describes a VM, and Start (here)
// follows it from a command line to a running QEMU and its Exit.
//
//   - device.go, pmem.go: the parts of a VM and their QEMU arguments;
//     standalone.go: the same without a lab.
//   - ports.go: the sockets of the monitor and the serial ports; console.go:
//     what is kept of the kernel's console.
//   - process.go: a child that dies with the lab, and its resource limits.
//   - qmp.go, qmp_conn.go, qmp_events.go: the monitor.
//   - template.go: saving a VM and restoring any number from it; identity.go:
//     what a saved VM depends on.
//   - accel.go, canary.go: whether KVM works here; kvm.go: its device and CPU;
//     qemu.go, qemufaults.go: which QEMU, and what is wrong with it.
package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	"github.com/digitalocean/go-qemu/qmp"
	"golang.org/x/sys/unix"
)

// handshakeTimeout bounds the time from exec to QEMU's greeting on the monitor:
// 45 ms on an idle host, so a QEMU that takes longer than this hangs.
const handshakeTimeout = 30 * time.Second

// VM is one running QEMU. Its methods may be called from several goroutines.
type VM struct {
	proc    *process
	console *Console
	control net.Conn
	output  net.Conn
	monitor *Monitor

	domain func() (*qemu.Domain, error)
	saveTo string // where Save puts the template; empty for nowhere

	spawned, loaded time.Duration // see Spawned and Loaded

	stop func() bool // detaches the context
	done chan struct{}
	exit Exit // valid once done is closed
}

// Exit says how a VM terminated.
type Exit struct {
	// Code is QEMU's exit status, -1 if it was killed by a signal.
	Code int
	// Signal is what killed QEMU, 0 if it exited.
	Signal syscall.Signal
	// Reason is that of QMP's SHUTDOWN event ("guest-shutdown", "guest-reset",
	// "guest-panic", "host-qmp-quit", "host-signal", …); "internal-error" or
	// "io-error: …" if QEMU paused the VM because of a host fault and the lab
	// killed it; otherwise empty.
	Reason string
	// Stderr is what QEMU itself printed: the first and last part of it.
	Stderr string
}

// ByGuest reports whether the guest terminated the VM, by power-off, reset or
// panic. Everything else is QEMU's or the lab's doing and says nothing about
// the kernel.
func (e Exit) ByGuest() bool {
	switch e.Reason {
	case "guest-shutdown", "guest-reset", "guest-panic":
		return true
	}
	return false
}

// String describes e in one line for an infra verdict.
func (e Exit) String() string {
	var b strings.Builder
	switch {
	case e.Signal != 0:
		fmt.Fprintf(&b, "QEMU killed by %s", unix.SignalName(e.Signal))
	default:
		fmt.Fprintf(&b, "QEMU exited with status %d", e.Code)
	}
	if e.Reason != "" {
		fmt.Fprintf(&b, " (%s)", e.Reason)
	}
	if s := strings.TrimSpace(e.Stderr); s != "" {
		fmt.Fprintf(&b, ": %s", s)
	}
	return b.String()
}

// Start runs QEMU as configured and returns when the VM runs and its monitor
// answers. The VM is killed when ctx ends. The errors are an invalid cfg, a
// *ForeignError, a *NoQEMUError, or a *StartError with QEMU's message.
func Start(ctx context.Context, cfg Config) (*VM, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Accel == KVM && !cfg.Arch.Native() {
		return nil, &ForeignError{Arch: cfg.Arch.Name}
	}
	path, err := lookQEMU(cfg.QEMU)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	began := time.Now()
	if err := cfg.layout(); err != nil {
		return nil, err
	}
	sockets, err := openPorts(cfg.Disks)
	if err != nil {
		return nil, err
	}
	// QEMU unlinks its temporary files at once.
	temp, err := os.MkdirTemp(cfg.TempDir, "qemu-")
	if err != nil {
		sockets.closeGuestEnds()
		sockets.closeHostEnds()
		return nil, err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	stderr := NewConsole(stderrLimit)
	cmd := exec.Command(path, cfg.args(sockets)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stdout, cmd.Stderr = stderr, stderr
	cmd.ExtraFiles = sockets.guestEnds()
	proc, err := spawn(cmd, cfg.policy(path, temp, sockets))
	sockets.closeGuestEnds()
	if err != nil {
		sockets.closeHostEnds()
		return nil, &StartError{Err: err}
	}

	v := &VM{
		proc:    proc,
		console: NewConsole(cfg.Console),
		control: sockets.host[controlPort],
		output:  sockets.host[outputPort],
		monitor: NewMonitor(sockets.host[qmpPort]),
		done:    make(chan struct{}),
		saveTo:  cfg.SaveTo,
	}
	v.domain = sync.OnceValues(func() (*qemu.Domain, error) {
		return qemu.NewDomain(v.monitor, fmt.Sprintf("splicelab-%d", proc.pid))
	})
	// Subscribe to the events before the handshake: QEMU sends none before it,
	// and none after it is missed. The subscription ends with the connection.
	events, err := v.monitor.Events(context.Background())
	if err != nil {
		proc.kill()
		sockets.closeHostEnds()
		return nil, &StartError{Err: err}
	}
	v.stop = context.AfterFunc(ctx, v.proc.kill)
	go v.watch(sockets.host[consolePort], events, stderr)

	hctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := v.monitor.ConnectContext(hctx); err != nil {
		if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			err = fmt.Errorf("QEMU's monitor did not answer: %w", err)
		} else {
			err = nil // it exited: its output says why
		}
		v.Kill()
		v.closeChannels()
		if cerr := ctx.Err(); cerr != nil {
			return nil, cerr
		}
		return nil, &StartError{Exit: v.exit, Err: err}
	}
	v.spawned = time.Since(began)
	if cfg.Template != "" {
		if err := v.load(hctx, cfg.Template); err != nil {
			v.Kill()
			if cerr := ctx.Err(); cerr != nil {
				return nil, cerr
			}
			return nil, &StartError{Exit: v.exit, Err: err}
		}
		v.loaded = time.Since(began) - v.spawned
	}
	return v, nil
}

// Spawned is how long QEMU took to start, up to its greeting on the monitor.
func (v *VM) Spawned() time.Duration { return v.spawned }

// Loaded is how long the state of a template took to load; 0 without one.
func (v *VM) Loaded() time.Duration { return v.loaded }

// watch collects QEMU's output and events until it has exited, then closes
// done.
func (v *VM) watch(console net.Conn, events <-chan qmp.Event, stderr *Console) {
	var drain sync.WaitGroup
	drain.Go(func() {
		v.console.drain(console)
		_ = console.Close()
	})
	reason := make(chan string, 1)
	drain.Go(func() { reason <- v.follow(events) })

	<-v.proc.done
	// QEMU's ends of the sockets are closed now, so both reach EOF after the
	// last byte that it wrote.
	drain.Wait()
	_ = v.monitor.Disconnect()
	v.stop()
	v.exit = v.proc.exit
	v.exit.Reason = <-reason
	v.exit.Stderr = string(bytes.ToValidUTF8(stderr.Bytes(), []byte("\uFFFD")))
	close(v.done)
}

// follow reads events up to the end of the connection and returns the reason
// for the termination. A VM that QEMU paused because of a host fault would stay
// paused forever, so it is killed here.
func (v *VM) follow(events <-chan qmp.Event) string {
	var shutdown, fault, ioError string
	for e := range events {
		switch e.Event {
		case "SHUTDOWN":
			shutdown, _ = e.Data["reason"].(string)
		case "BLOCK_IO_ERROR":
			if e.Data["action"] == "stop" {
				ioError = fmt.Sprintf("io-error: %v", e.Data["reason"])
			}
		case "STOP":
			switch s := v.monitor.status(); s {
			case "io-error":
				fault = ioError
				if fault == "" {
					fault = s
				}
				v.proc.kill()
			case "internal-error":
				fault = s
				v.proc.kill()
			}
		}
	}
	if fault != "" {
		return fault
	}
	return shutdown
}

// Control is the host's end of the agent's control port.
func (v *VM) Control() net.Conn { return v.control }

// Output is the host's end of the guest's output port. If it is not read, the
// guest's writers block, as on a full serial port.
func (v *VM) Output() net.Conn { return v.output }

// Console is the kernel's console. It is always drained.
func (v *VM) Console() *Console { return v.console }

// Monitor is the QMP connection, connected.
func (v *VM) Monitor() *Monitor { return v.monitor }

// Domain returns go-qemu's view of the VM: the same one at each call. The VM
// owns it; do not close it, which would close the monitor.
func (v *VM) Domain() (*qemu.Domain, error) { return v.domain() }

// Done is closed when QEMU has exited and been reaped, and its console and
// events have been read to EOF.
func (v *VM) Done() <-chan struct{} { return v.done }

// Exit says how the VM terminated. It is valid after Done is closed, and the
// zero Exit before.
func (v *VM) Exit() Exit {
	select {
	case <-v.done:
		return v.exit
	default:
		return Exit{}
	}
}

// Kill kills QEMU with SIGKILL unless it has exited already, and returns after
// Done. It closes Control and Output: read what they have buffered before Kill.
func (v *VM) Kill() {
	v.proc.kill()
	<-v.done
	v.closeChannels()
}

func (v *VM) closeChannels() {
	_ = v.control.Close()
	_ = v.output.Close()
}

// Pid is QEMU's process id.
func (v *VM) Pid() int { return v.proc.pid }

// CPUTime is the CPU time that QEMU has used. A guest that spins uses it, one
// that waits does not, and on an overloaded host it lags behind the wall clock:
// that distinguishes a hang from a starved VM.
func (v *VM) CPUTime() time.Duration { return v.proc.cpuTime() }

// StartError is a QEMU that did not start. It is the lab's or the host's fault,
// never the kernel's.
type StartError struct {
	Exit Exit
	Err  error // what else is known; nil if QEMU simply exited
}

func (e *StartError) Error() string {
	msg := "QEMU did not start"
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	if e.Exit != (Exit{}) {
		msg += ": " + e.Exit.String()
	}
	return msg
}

func (e *StartError) Unwrap() error { return e.Err }
