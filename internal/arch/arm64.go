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
	QEMU:      QEMU{Binary: "qemu-system-aarch64", Package: "qemu-system-arm"},
}
