package vm

import (
	"fmt"
	"strconv"
	"strings"
)

// device is a part of the machine that knows its QEMU arguments.
type device interface {
	args() []string
}

// DiskDriver is the guest's view of a disk.
type DiskDriver string

const (
	// VirtioBlk is a module in Debian's kernels: /dev/vda and on.
	VirtioBlk DiskDriver = "virtio-blk"
	// NVMe is built into every Debian cloud kernel from 5.10 to 7.3:
	// /dev/nvme0n1 and on. It cannot be part of a template, for QEMU cannot
	// migrate it. Nor can it stop a guest when the host has no room left for
	// the overlay: the guest sees a failing disk, where with VirtioBlk the
	// machine ends with the Reason "io-error".
	NVMe DiskDriver = "nvme"
	// Pmem is persistent memory, from which a filesystem can be mounted with
	// dax: /dev/pmem0 and on.
	Pmem DiskDriver = "pmem"
)

// Disk is a raw image. The guest writes to a throw-away overlay; the file is
// only read, so any number of machines may share it.
type Disk struct {
	Path   string
	Driver DiskDriver // default VirtioBlk

	private bool // the file is the machine's own
}

type disk struct {
	Disk
	id string
}

func (d disk) args() []string {
	dev := "virtio-blk-pci"
	if d.Driver == NVMe {
		dev = "nvme"
	}
	drive := "if=none,id=" + d.id
	if d.Path == "" {
		drive += ",driver=null-co,size=1M"
	} else {
		// cache=unsafe: nobody keeps the overlay, so flushing it to the
		// host's disk is waste. discard=unmap: what the guest discards goes
		// away on the host too, which bounds the overlay.
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
	accel     Accel
	memoryMiB int
	cpus      int
	pmem      []pmem
	memory    string // a file
	saved     bool   // what the guest stores goes to that file
}

func (m machine) args() []string {
	accel, cpu := "kvm", "host"
	if m.accel == TCG {
		accel, cpu = "tcg,tb-size="+strconv.Itoa(tcgCacheMiB), tcgCPU
	}
	memory := strconv.Itoa(m.memoryMiB) + "M"
	if n := len(m.pmem); n > 0 {
		// Room for it in the guest's address space, in which QEMU aligns
		// each to 1 GiB.
		room := int64(m.memoryMiB) << 20
		for _, p := range m.pmem {
			room += p.size + 1<<30
		}
		memory += fmt.Sprintf(",slots=%d,maxmem=%d", n, room)
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-display", "none",
		// The guest's reset ends QEMU instead of booting again: a kernel
		// that panicked must not get a second chance to overwrite the log.
		"-no-reboot",
		"-accel", accel,
		"-cpu", cpu,
		"-m", memory,
		"-smp", strconv.Itoa(m.cpus),
	}
	options := machineOptions
	if m.memory != "" {
		share := "off"
		if m.saved {
			share = "on"
		}
		args = append(args, "-object", fmt.Sprintf("memory-backend-file,id=memory,size=%dM,share=%s,mem-path=%s", m.memoryMiB, share, escape(m.memory)))
		options += ",memory-backend=memory"
	}
	return append(args, "-machine", "q35,"+options)
}

// incoming is a machine that waits for the state of its devices.
type incoming struct{}

func (incoming) args() []string { return []string{"-S", "-incoming", "defer"} }

// machineOptions leaves out the parts of the chip set that no test uses and
// that a kernel would spend time on. Measured together on 5.10, 6.12 and 7.3,
// as QEMU's CPU time up to a panic for want of a root: 0.1 to 0.3 s of 2.3.
const machineOptions = "sata=off,smbus=off,usb=off,vmport=off,hpet=off"

// tcgCPU is the CPU model without hardware acceleration: everything that TCG
// can do, so that no instruction that a test wants is missing. Nehalem,
// Haswell, EPYC-Rome, qemu64 and max without AVX boot neither faster nor
// slower than it by more than the measurements scatter (2.0 to 2.6 s of CPU
// time on 5.10, 6.12 and 7.3). Five-level page tables are off because the
// walks of the fifth cost time and no kernel here needs them. CMPXCHG16B is off
// because QEMU before 8.0 computes its flags from a condition code that may be
// older than the last comparison: a machine that is interrupted just then gets
// bits of a pointer for flags, the one of virtual 8086 mode among them, and dies
// of a double fault. Linux does without the instruction.
const tcgCPU = "max,la57=off,cx16=off"

// sandbox is QEMU's seccomp filter. A guest that breaks out of QEMU finds no
// way to start a program. Overlays (snapshot=on), NVMe and serial sockets
// work under it.
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

// kernelArgs are the arguments that every kernel under test gets. What a
// later argument says wins, so a caller may change any of them.
func kernelArgs(accel Accel) []string {
	args := []string{
		"console=ttyS0",
		// Reset at once: QEMU ends then (-no-reboot).
		"panic=-1",
		// The whole log with its times, whatever the build's defaults are.
		// Time stamps are how the kernel's words are told from a program's;
		// quiet would save 0.1 s and hide warnings.
		"loglevel=7", "printk.time=1", "printk.devkmsg=on",
		// There is no other source of entropy, and getrandom would block.
		"random.trust_cpu=on",
		// The self-tests of every cipher, which are not what is tested here:
		// 0.2 to 0.4 s of CPU time under TCG.
		"cryptomgr.notests",
	}
	if accel == TCG {
		args = append(args,
			// On a busy host the emulated timers come late; the kernel
			// must not conclude from that that they are broken: "IO-APIC +
			// timer doesn't work" is a panic, and a clock source marked
			// unstable changes the rest of the run. Saves 0.1 s too.
			"no_timer_check", "tsc=reliable",
		)
	}
	return args
}

// serialPort is the next of the guest's ttyS, on a socket that QEMU inherits.
type serialPort struct {
	name string
	fd   int
}

func (p serialPort) args() []string {
	return []string{
		"-chardev", fmt.Sprintf("socket,id=%s,fd=%d", p.name, p.fd),
		"-serial", "chardev:" + p.name,
	}
}

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
