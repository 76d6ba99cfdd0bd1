package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/confine"
)

// Config describes a VM. Only Kernel is mandatory.
type Config struct {
	// Arch is the guest's architecture. Default arch.Default.
	Arch arch.Arch
	// QEMU is the binary: a path, or a name to find on PATH. Default that of the
	// architecture.
	QEMU string
	// Accel is TCG or KVM; Choose decides between them. Default TCG.
	Accel Accel
	// Kernel is an image that QEMU boots directly.
	Kernel string
	// Initrd is the initramfs; empty for none.
	Initrd string
	// Append is appended to the lab's own kernel arguments, so it overrides
	// them.
	Append []string
	// MemoryMiB is the guest's memory. Default 512.
	MemoryMiB int
	// CPUs is the number of virtual CPUs. Default 1.
	CPUs int
	// Disks appear in the guest in this order.
	Disks []Disk
	// TempDir is where the disks' temporary overlays are created. QEMU unlinks
	// them at once, so nothing is left there however it terminates. Default
	// os.TempDir.
	TempDir string
	// Template is a directory written by Save, from which the VM is restored,
	// paused until Resume. Everything else must be as it was for the VM that
	// was saved; the template's disks replace Disks.
	Template string
	// SaveTo is an empty directory for the VM's memory and for private copies
	// of its disks, from which Save makes a template.
	SaveTo string
	// Console is how many bytes of the console are kept, half from its
	// beginning and half from its end. Default 1 MiB.
	Console int

	// Unconfined gives QEMU all rights of the lab, for an installation whose
	// files are where confine does not expect them.
	Unconfined bool

	memory string // the file that backs the guest's memory; empty for none
}

// Limits of Config, wide enough for every use and narrow enough to catch a
// number in the wrong unit.
const (
	minMemoryMiB = 64
	maxMemoryMiB = 1 << 20
	maxCPUs      = 255
)

// stderrLimit bounds what is kept of QEMU's own output, in bytes.
const stderrLimit = 16 << 10

// tcgCacheMiB is the size of TCG's translation cache. QEMU's own default is up
// to 1 GiB per VM, which a guest can fill and which counts against the host's
// memory.
const tcgCacheMiB = 128

// headroomMiB is the address space that QEMU gets beyond the guest's memory and
// the translation cache. QEMU 7.2 was observed to use 440 MiB with one disk (a
// malloc arena of 64 MiB and a stack of 8 MiB for each of its threads); this
// leaves room for its thread pool under load. Each further CPU is a thread.
const (
	headroomMiB = 1536
	perCPUMiB   = 128
)

func (c Config) withDefaults() (Config, error) {
	if c.Kernel == "" {
		return c, errors.New("no kernel to boot")
	}
	if c.Arch.Name == "" {
		c.Arch = arch.Default()
	}
	if c.QEMU == "" {
		c.QEMU = c.Arch.QEMU.Binary
	}
	if c.Accel == "" {
		c.Accel = TCG
	}
	if c.Accel != TCG && c.Accel != KVM {
		return c, fmt.Errorf("a VM cannot be started with accelerator %q: choose one first", c.Accel)
	}
	if c.MemoryMiB == 0 {
		c.MemoryMiB = 512
	}
	if c.MemoryMiB < minMemoryMiB || c.MemoryMiB > maxMemoryMiB {
		return c, fmt.Errorf("guest memory of %d MiB: use %d to %d", c.MemoryMiB, minMemoryMiB, maxMemoryMiB)
	}
	if c.CPUs == 0 {
		c.CPUs = 1
	}
	if c.CPUs < 1 || c.CPUs > maxCPUs {
		return c, fmt.Errorf("%d guest CPUs: use 1 to %d", c.CPUs, maxCPUs)
	}
	if c.Console == 0 {
		c.Console = 1 << 20
	}
	if c.Console < 0 {
		return c, fmt.Errorf("console buffer of %d bytes: it must be positive", c.Console)
	}
	if c.TempDir == "" {
		c.TempDir = os.TempDir()
	}
	// QEMU interprets "x:y" as a protocol and resolves a relative path in its
	// own directories, so it is given absolute paths only.
	for _, p := range []*string{&c.Kernel, &c.Initrd, &c.TempDir, &c.Template, &c.SaveTo} {
		if *p == "" {
			continue
		}
		abs, err := existing(*p)
		if err != nil {
			return c, err
		}
		*p = abs
	}
	disks := make([]Disk, len(c.Disks))
	for i, d := range c.Disks {
		abs := ""
		if d.Path != "" {
			var err error
			if abs, err = existing(d.Path); err != nil {
				return c, fmt.Errorf("disk %d: %w", i, err)
			}
		}
		if d.Driver == "" {
			d.Driver = VirtioBlk
		}
		if d.Driver != VirtioBlk && d.Driver != NVMe && d.Driver != Pmem {
			return c, fmt.Errorf("disk %d: unknown driver %q: use %s, %s or %s", i, d.Driver, VirtioBlk, NVMe, Pmem)
		}
		if d.Driver == Pmem && !c.Arch.QEMU.Pmem {
			return c, fmt.Errorf("disk %d: QEMU's machine for %s has no persistent memory", i, c.Arch.Name)
		}
		d.Path = abs
		disks[i] = d
	}
	c.Disks = disks
	return c, nil
}

func existing(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(abs); err != nil {
		return "", err
	}
	return abs, nil
}

// args is QEMU's command line: a list of devices, each of which knows its own
// arguments.
func (c Config) args(w *ports) []string {
	devices := []device{
		machine{of: c.Arch.QEMU, accel: c.Accel, memoryMiB: c.MemoryMiB, cpus: c.CPUs, pmem: w.pmem, memory: c.memory, saved: c.SaveTo != ""},
		sandbox{},
		boot{kernel: c.Kernel, initrd: c.Initrd, append: c.kernelArgs()},
		monitorPort{fd: w.fd(qmpPort)},
		serialPort{name: "console", chardev: socket(w.fd(consolePort))},
		serialPort{name: "control", chardev: socket(w.fd(controlPort)), device: c.Arch.QEMU.Control.Device},
		serialPort{name: "output", chardev: socket(w.fd(outputPort)), device: c.Arch.QEMU.Output.Device},
	}
	for i, d := range c.Disks {
		if d.Driver != Pmem {
			devices = append(devices, disk{Disk: d, id: "disk" + strconv.Itoa(i), virtio: c.Arch.QEMU.Virtio})
		}
	}
	for i, p := range w.pmem {
		devices = append(devices, pmemDevice{pmem: p, id: "pmem" + strconv.Itoa(i), fd: w.pmemFD(i), virtio: c.Arch.QEMU.Virtio})
	}
	if c.Template != "" {
		devices = append(devices, incoming{})
	}
	var args []string
	for _, d := range devices {
		args = append(args, d.args()...)
	}
	return args
}

// limits are those of QEMU, whatever the guest makes it do.
func (c Config) limits(w *ports) confine.Limits {
	mib := uint64(c.MemoryMiB) + headroomMiB + uint64(c.CPUs-1)*perCPUMiB
	if c.Accel == TCG {
		mib += tcgCacheMiB
	}
	lim := confine.Limits{AddressSpace: mib << 20}
	for _, p := range w.pmem {
		lim.AddressSpace += uint64(p.size)
	}
	return lim
}
