package arch

import "debug/elf"

var amd64 = Arch{
	Name:    "amd64",
	Machine: elf.EM_X86_64,
	Kernel: Kernel{
		Arch:         "x86_64",
		Target:       "bzImage",
		Image:        "arch/x86/boot/bzImage",
		CrossCompile: "x86_64-linux-gnu-",
		CrossPackage: "gcc-x86-64-linux-gnu",
	},
	Flavours: []string{"cloud-amd64", "amd64", "rt-amd64"},
	QEMU:     QEMU{Binary: "qemu-system-x86_64", Package: "qemu-system-x86"},
}
