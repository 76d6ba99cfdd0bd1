package arch

import "debug/elf"

var arm64 = Arch{
	Name:    "arm64",
	Machine: elf.EM_AARCH64,
	Kernel: Kernel{
		Arch:         "arm64",
		Target:       "Image",
		Image:        "arch/arm64/boot/Image",
		CrossCompile: "aarch64-linux-gnu-",
		CrossPackage: "gcc-aarch64-linux-gnu",
		ImageMagic:   "ARM\x64",
		ImagePages:   true,
	},
	Flavours:  []string{"cloud-arm64", "arm64", "arm64-16k", "rt-arm64"},
	PageSizes: map[string]int{"arm64-16k": 16384},
	QEMU: QEMU{
		Binary: "qemu-system-aarch64", Package: "qemu-system-arm",
		// The default interrupt controller, version 2, has at most 8 CPUs, and a
		// host's KVM may lack it.
		Machine: "virt,gic-version=max",
		// Signing pointers with the architected algorithm makes emulation several
		// times slower; the implementation-defined one is cheap, and no kernel cares.
		TCG: "max,pauth-impdef=on",
		KVM: "host",

		Console:    "ttyAMA0",
		KernelArgs: []string{"earlycon", "random.trust_bootloader=on"},
		Control:    controlOnPCI,
		Output:     outputOnPCI,

		Virtio: "pci",
	},
}
