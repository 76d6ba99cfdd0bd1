package arch

import "debug/elf"

var riscv64 = Arch{
	Name:    "riscv64",
	Machine: elf.EM_RISCV,
	Kernel: Kernel{
		Arch:         "riscv",
		Target:       "Image",
		Image:        "arch/riscv/boot/Image",
		CrossCompile: "riscv64-linux-gnu-",
		CrossPackage: "gcc-riscv64-linux-gnu",
		ImageMagic:   "RSC\x05",
	},
	Flavours: []string{"riscv64"},
	QEMU: QEMU{
		Binary: "qemu-system-riscv64", Package: "qemu-system-misc",
		Machine: "virt",
		TCG:     "rv64",
		KVM:     "host",

		Console:    "ttyS0",
		KernelArgs: []string{"earlycon", "random.trust_bootloader=on"},
		Control:    controlOnPCI,
		Output:     outputOnPCI,

		Virtio: "pci",
		// The kernel's next timer interrupt is lost in a restored VM. One that waits
		// for nothing else is paused forever. One that is woken by a port sets the
		// timer again when it is idle next, so that with 7.2 and 10.0 no difference
		// was seen in 132 cells; but until then it has no clock tick. The version is
		// that of the change in QEMU's sources; no VM was restored with it.
		RestoredFrom: "10.2", Unsaved: "the timers",
	},
}
