package vm

import (
	"fmt"
	"strconv"
	"strings"
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
	accel     Accel
	memoryMiB int
	cpus      int
	pmem      []pmem
	memory    string // a file
	saved     bool   // the guest's stores go to that file
}

func (m machine) args() []string {
	accel, cpu := "kvm", kvmCPU
	if m.accel == TCG {
		accel, cpu = "tcg,tb-size="+strconv.Itoa(tcgCacheMiB), tcgCPU
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

// incoming is a VM that waits for the state of its devices.
type incoming struct{}

func (incoming) args() []string { return []string{"-S", "-incoming", "defer"} }

// machineOptions disables parts of the chipset that no test uses and that a
// kernel would spend time on. Measured together on 5.10, 6.12 and 7.3, as
// QEMU's CPU time up to the panic for lack of a root: 0.1 to 0.3 s of 2.3.
const machineOptions = "sata=off,smbus=off,usb=off,vmport=off,hpet=off"

// tcgCPU is the CPU model without hardware acceleration: everything that TCG
// supports, so that no instruction that a test wants is missing. Nehalem,
// Haswell, EPYC-Rome, qemu64 and max without AVX boot at the same speed, within
// the noise (2.0 to 2.6 s of CPU time on 5.10, 6.12 and 7.3). Five-level page
// tables are off because the extra level costs time and no kernel here needs
// it. CMPXCHG16B is off because QEMU before 8.0 computes its flags from a
// condition code that may be older than the last comparison: a CPU interrupted
// at that point gets bits of a pointer as flags, the one of virtual 8086 mode
// among them, and takes a double fault. Linux does without the instruction.
const tcgCPU = "max,la57=off,cx16=off"

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

// kernelArgs are the arguments of every kernel under test. A later argument
// overrides an earlier one, so a caller may change any of them.
func kernelArgs(accel Accel) []string {
	args := []string{
		"console=ttyS0",
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
	}
	if accel == TCG {
		args = append(args,
			// On a busy host the emulated timers are late; the kernel must not
			// conclude that they are broken: "IO-APIC + timer doesn't work" is
			// a panic, and a clock source marked unstable changes the rest of
			// the run. Saves 0.1 s, too.
			"no_timer_check", "tsc=reliable",
		)
	}
	return args
}

// serialPort is the guest's next ttyS, on a socket that QEMU inherits.
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
