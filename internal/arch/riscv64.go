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
		// A kernel whose timer interrupt was pending when it was saved waits for it
		// until something else interrupts it, and its clock tick is late.
		RestoredFrom: "10.2", Unsaved: "the timers",
	},
}
