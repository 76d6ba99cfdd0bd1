package arch

// QEMU is the system emulator, and the machine that it emulates.
type QEMU struct {
	Binary  string // name to find on PATH
	Package string // the Debian package that contains it

	Machine  string // machine type, with its options
	TCG, KVM string // CPU model for each accelerator

	// Console is the kernel's name of the machine's first serial port.
	Console string
	// KernelArgs are kernel arguments for this architecture only, EmulatedArgs
	// those that are needed without hardware acceleration.
	KernelArgs, EmulatedArgs []string
	// Control and Output are the agent's ports, besides the console.
	Control, Output Port

	// Virtio is how virtio devices are attached, as in the names of QEMU's
	// devices (virtio-blk-pci) and of the kernel's module (virtio_pci).
	Virtio string
	// Pmem reports whether QEMU's machine can have persistent memory.
	Pmem bool
	// RestoredFrom is the first version of QEMU that saves the machine's whole
	// state; empty for all. Unsaved names what earlier ones forget.
	RestoredFrom, Unsaved string
}

// VirtioModule is the kernel's module for virtio devices.
func (a Arch) VirtioModule() string { return "virtio_" + a.QEMU.Virtio }

// Port is a serial port of the guest.
type Port struct {
	// Device is QEMU's device; empty for the machine's next own port.
	Device string
	// Guest tells the agent where the port is: a path, or "pci:" and the address
	// of the PCI device, whose name in /dev depends on the order in which the
	// kernel finds its ports.
	Guest string
}

// The ports of machines with only one of their own. They are 8250 ports, as
// those of the PC: the driver, with PCI, is built into every kernel of Debian's
// from 5.10 on, while virtio-console is a module in some, and has a known lost
// wake-up when one process polls a port that another writes to. The slots are
// far from those that QEMU gives to other devices.
var (
	controlOnPCI = Port{Device: "pci-serial,addr=1e.0", Guest: "pci:0000:00:1e.0"}
	outputOnPCI  = Port{Device: "pci-serial,addr=1f.0", Guest: "pci:0000:00:1f.0"}
)
