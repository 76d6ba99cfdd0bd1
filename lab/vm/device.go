package vm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
)

// device is a part of the VM that knows its QEMU arguments.
type device interface {
	args() []string
}

// DiskDriver is the guest's view of a disk.
type DiskDriver string

const (
	// VirtioBlk is a module in Debian's kernels: /dev/vda and so on.
	VirtioBlk DiskDriver = "virtio-blk"
	// NVMe is built into every Debian cloud kernel from 5.10 to 7.3:
	// /dev/nvme0n1 and so on. It cannot be part of a template, because QEMU
	// cannot migrate it. If the host has no space left for the overlay, the
	// guest sees a failing disk, while with VirtioBlk the VM terminates with
	// the Reason "io-error".
	NVMe DiskDriver = "nvme"
	// Pmem is persistent memory, which supports filesystems mounted with dax:
	// /dev/pmem0 and so on.
	Pmem DiskDriver = "pmem"
)

// Disk is a raw image. The guest writes to a temporary overlay; the file is
// only read, so any number of VMs may share it.
type Disk struct {
	Path   string
	Driver DiskDriver // default VirtioBlk

	private bool // the file belongs to this VM alone
}

type disk struct {
	Disk
	id     string
	virtio string // see arch.QEMU
}

func (d disk) args() []string {
	dev := "virtio-blk-" + d.virtio
	if d.Driver == NVMe {
		dev = "nvme"
	}
	drive := "if=none,id=" + d.id
	if d.Path == "" {
		drive += ",driver=null-co,size=1M"
	} else {
		// cache=unsafe: the overlay is discarded, so flushing it to the host's
		// disk is wasted. discard=unmap: what the guest discards is freed on
		// the host, too, which bounds the overlay.
		drive += ",format=raw,cache=unsafe,discard=unmap"
		if !d.private {
			drive += ",snapshot=on"
		}
		drive += ",file=" + escape(d.Path)
	}
	return []string{
		"-drive", drive,
		"-device", dev + ",drive=" + d.id + ",serial=" + d.id,
	}
}

type machine struct {
	of        arch.QEMU
	accel     Accel
	memoryMiB int
	cpus      int
	pmem      []pmem
	memory    string // a file
	saved     bool   // the guest's stores go to that file
}

func (m machine) args() []string {
	accel, cpu := "kvm", m.of.KVM
	if m.accel == TCG {
		accel, cpu = "tcg,tb-size="+strconv.Itoa(tcgCacheMiB), m.of.TCG
	}
	memory := strconv.Itoa(m.memoryMiB) + "M"
	if n := len(m.pmem); n > 0 {
		// Address space for the devices, each of which QEMU aligns to 1 GiB.
		room := int64(m.memoryMiB) << 20
		for _, p := range m.pmem {
			room += p.size + 1<<30
		}
		memory += fmt.Sprintf(",slots=%d,maxmem=%d", n, room)
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none",
		// A guest reset terminates QEMU instead of rebooting: a kernel that
		// panicked must not get a second chance to overwrite the log.
		"-no-reboot",
		"-accel", accel,
		"-cpu", cpu,
		"-m", memory,
		"-smp", strconv.Itoa(m.cpus),
	}
	machine := m.of.Machine
	if m.memory != "" {
		share := "off"
		if m.saved {
			share = "on"
		}
		args = append(args, "-object", fmt.Sprintf("memory-backend-file,id=memory,size=%dM,share=%s,mem-path=%s", m.memoryMiB, share, escape(m.memory)))
		machine += ",memory-backend=memory"
	}
	return append(args, "-machine", machine)
}

// incoming is a VM that waits for the state of its devices.
type incoming struct{}

func (incoming) args() []string { return []string{"-S", "-incoming", "defer"} }

// sandbox is QEMU's seccomp filter. A guest that escapes into QEMU cannot start
// a program. Overlays (snapshot=on), NVMe and serial sockets work under it.
type sandbox struct{}

func (sandbox) args() []string {
	return []string{"-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"}
}

type boot struct {
	kernel, initrd string
	append         []string
}

func (b boot) args() []string {
	args := []string{"-kernel", b.kernel}
	if b.initrd != "" {
		args = append(args, "-initrd", b.initrd)
	}
	return append(args, "-append", strings.Join(b.append, " "))
}

// kernelArgs are the arguments of every kernel under test, and the caller's. A
// later argument overrides an earlier one, so a caller may change any of them.
func (c Config) kernelArgs() []string {
	q := c.Arch.QEMU
	args := []string{
		"console=" + q.Console,
		// Reset at once: QEMU then terminates (-no-reboot).
		"panic=-1",
		// The whole log with timestamps, whatever the build's defaults.
		// Timestamps distinguish kernel messages from output of a program;
		// quiet would save 0.1 s but hide warnings.
		"loglevel=7", "printk.time=1", "printk.devkmsg=on",
		// There is no other source of entropy, and getrandom would block.
		"random.trust_cpu=on",
		// The self-tests of all ciphers, which are not under test here: 0.2 to
		// 0.4 s of CPU time under TCG.
		"cryptomgr.notests",
		protocol.ArgControl + "=" + q.Control.Guest,
		protocol.ArgOutput + "=" + q.Output.Guest,
	}
	args = append(args, q.KernelArgs...)
	if c.Accel == TCG {
		args = append(args, q.EmulatedArgs...)
	}
	return append(args, c.Append...)
}

// serialPort is a serial port of the guest.
type serialPort struct {
	name    string
	chardev string // QEMU's end, without an id
	device  string // see arch.Port
}

func (p serialPort) args() []string {
	args := []string{"-chardev", p.chardev + ",id=" + p.name}
	if p.device == "" {
		return append(args, "-serial", "chardev:"+p.name)
	}
	return append(args, "-device", p.device+",chardev="+p.name)
}

// socket is a character device on a socket that QEMU inherits.
func socket(fd int) string { return fmt.Sprintf("socket,fd=%d", fd) }

// monitorPort is QMP on a socket that QEMU inherits.
type monitorPort struct {
	fd int
}

func (p monitorPort) args() []string {
	return []string{
		"-chardev", fmt.Sprintf("socket,id=qmp,fd=%d", p.fd),
		"-mon", "chardev=qmp,mode=control",
	}
}

// escape doubles commas, which separate QEMU's options.
func escape(s string) string { return strings.ReplaceAll(s, ",", ",,") }
