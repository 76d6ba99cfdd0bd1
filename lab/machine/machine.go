// Package machine makes VMs on this host: from a kernel, a filesystem profile
// and an image it makes a VM in which the agent answers, the filesystem is
// mounted, and a test process may be parked. It does not know plans, jobs or
// stores.
//
// Read machine.go (what a VM offers), spec.go and disk.go (what it consists
// of), boot.go (boot and mount), template.go, key.go, park.go and restore.go
// (save and restore), agent.go (the
// control channel), postmortem.go (why it died).
package machine

import (
	"context"
	"io"
	"path"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/template"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
)

// Places in the guest.
const (
	MountPoint = "/mnt/test" // the filesystem under test
	CellDir    = MountPoint + "/cells"
	spareDir   = "/mnt/spare" // an empty directory for a test's own mounts
)

// Host makes VMs. Its fields apply to all of them, and all must be set except
// those with a default.
type Host struct {
	// QEMU is the qemu-system-x86_64 to run; default: found on PATH.
	QEMU  string
	Accel vm.Accel
	// MemoryMiB and CPUs are those of each VM.
	MemoryMiB, CPUs int
	// KernelArgs are added to the kernel's command line; default none.
	KernelArgs []string
	// Agent is the guest agent's binary.
	Agent string
	// TempDir is where disks' throw-away overlays are.
	TempDir string
	// Images makes images and disks.
	Images images.Builder
	// Templates is nil where every VM is booted.
	Templates *template.Store
	// BootTimeout is from starting QEMU to a mounted filesystem, ParkTimeout
	// from starting a test process to its report that it is parked.
	BootTimeout, ParkTimeout time.Duration
}

// Process is a running VM as this package sees it. *vm.VM is one; tests
// have a scripted one.
type Process interface {
	Console() *vm.Console
	Done() <-chan struct{} // exited, console drained
	Exit() vm.Exit         // valid after Done
	CPUTime() time.Duration
	Pid() int
	Resume(ctx context.Context) error // a paused VM
	Pause(ctx context.Context) error
	Save(ctx context.Context) error // as a template
	Kill()
}

// Machine is a VM whose agent answers and whose filesystem is mounted.
type Machine struct {
	VM     Process
	Agent  *Agent
	Output <-chan []byte // from the output port; closed when the VM is gone
	// Input is the other direction of the output port: that of a terminal, or
	// of a parked process.
	Input io.Writer
	// Parked is the test process in a restored VM; nil for none.
	Parked   *Parked
	Restored bool // from a template
	paused   bool // until Resume
	// Booted is why the VM was booted and not restored.
	Booted string
	Spent  results.Timing // before its first cell
}

// outputChunk is the most that is read from the output port at once, in bytes.
const outputChunk = 64 << 10

// ReadOutput passes on what comes from port, until it is closed. dead is
// closed when the VM is gone.
func ReadOutput(port io.Reader, dead <-chan struct{}) <-chan []byte {
	out := make(chan []byte, 16)
	go func() {
		defer close(out)
		buf := make([]byte, outputChunk)
		for {
			n, err := port.Read(buf)
			if n > 0 {
				b := append([]byte(nil), buf[:n]...)
				select {
				case out <- b:
				case <-dead:
					// A reader may still want the output before the end.
					select {
					case out <- b:
					default:
						return
					}
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// Placeholder is the name of the empty files that PutDir creates.
const Placeholder = ".splicelab"

// PutDir requests a directory in the guest. Putting a file creates its parent
// directories, so it puts an empty file.
func PutDir(dir string) protocol.Request {
	return protocol.Request{Put: &protocol.Put{Path: path.Join(dir, Placeholder), Mode: 0o644}}
}

// Mkdir makes a directory in the guest, and those above it.
func (m *Machine) Mkdir(ctx context.Context, dir string) error {
	_, err := m.Agent.Call(ctx, PutDir(dir))
	return err
}
