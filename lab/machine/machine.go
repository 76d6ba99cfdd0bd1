// Package machine boots VMs on this host. Given a kernel, a filesystem profile
// and an image it returns a VM with a responsive agent, the filesystem mounted
// and, optionally, a parked test process. It does not know plans, jobs or
// stores.
//
// Read machine.go (a VM's interface), spec.go (its components), boot.go (boot
// and mount), template.go, key.go, park.go and restore.go (save and restore),
// agent.go (the control channel), postmortem.go (why it died).
package machine

import (
	"context"
	"io"
	"path"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/suite"
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

// Host starts VMs. Its fields apply to all of them; all are required except
// those with a default.
type Host struct {
	// QEMU returns the binary that runs guests of an architecture.
	QEMU func(arch.Arch) string
	// Unconfined runs it with all of the lab's rights.
	Unconfined bool
	// Accel is for guests of the host's architecture; others are emulated.
	Accel vm.Accel
	// MemoryMiB and CPUs are per VM.
	MemoryMiB, CPUs int
	// KernelArgs are added to the kernel's command line; default none.
	KernelArgs []string
	// Guest finds the guest programs, the agent among them.
	Guest suite.Guest
	// TempDir holds the disks' temporary overlays.
	TempDir string
	// Images builds images and disks.
	Images images.Builder
	// Templates is nil if every VM is booted.
	Templates *template.Store
	// BootTimeout covers starting QEMU to a mounted filesystem, ParkTimeout
	// starting a test process to its report that it is parked.
	BootTimeout, ParkTimeout time.Duration
	// Confirm is set when an earlier VM for the same cells ended without a word in
	// its log: that then counts when it is observed again.
	Confirm bool
	// Observe is told what is prepared before cells can run, from several
	// goroutines; nil for nobody.
	Observe func(Preparation)
}

// Work is a kind of preparation.
type Work string

const (
	Kernel   Work = "kernel"   // waiting for a kernel that is fetched
	Image    Work = "image"    // building an initramfs
	Booting  Work = "boot"     // booting a kernel, for its template
	Layering Work = "template" // making the template of a kernel and filesystem
)

// Preparation is the begin or the end of work that many cells need. Work that
// turns out to be done already has an end only.
type Preparation struct {
	Work       Work
	Kernel, FS string
	Over       bool
}

// Preparing reports the begin of a preparation, and returns what reports its
// end.
func (h *Host) Preparing(p Preparation) (over func()) {
	h.observe(p)
	p.Over = true
	return func() { h.observe(p) }
}

func (h *Host) observe(p Preparation) {
	if h.Observe != nil {
		h.Observe(p)
	}
}

// Process is the part of a running VM that this package uses. *vm.VM
// implements it; tests use a scripted one.
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

// Machine is a VM with a responsive agent and a mounted filesystem.
type Machine struct {
	VM     Process
	Agent  *Agent
	Output <-chan []byte // from the output port; closed when the VM is gone
	// Input is the output port's other direction: input for a terminal or a
	// parked process.
	Input io.Writer
	// Parked is the parked test process of a restored VM; nil for none.
	Parked   *Parked
	Restored bool // from a template
	confirm  bool // see Host.Confirm
	paused   bool // until Resume
	// Booted is why the VM was booted instead of restored.
	Booted string
	Spent  results.Timing // before its first cell
}

// outputChunk is the size of one read from the output port, in bytes.
const outputChunk = 64 << 10

// ReadOutput forwards what it reads from port until the port is closed. dead
// is closed when the VM is gone.
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
					// A reader may still want the last output.
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

// PutDir requests a directory in the guest. Writing a file creates its parent
// directories, so it writes an empty file.
func PutDir(dir string) protocol.Request {
	return protocol.Request{Put: &protocol.Put{Path: path.Join(dir, Placeholder), Mode: 0o644}}
}

// Mkdir creates a directory in the guest, with its parents.
func (m *Machine) Mkdir(ctx context.Context, dir string) error {
	_, err := m.Agent.Call(ctx, PutDir(dir))
	return err
}
