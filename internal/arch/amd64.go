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
	QEMU: QEMU{
		Binary: "qemu-system-x86_64", Package: "qemu-system-x86",
		// Not microvm: it hangs with several kernels under TCG. The options disable
		// parts of the chipset that no test uses and that a kernel would spend time
		// on. Measured together on 5.10, 6.12 and 7.3, as QEMU's CPU time up to the
		// panic for lack of a root: 0.1 to 0.3 s of 2.3.
		Machine: "q35,sata=off,smbus=off,usb=off,vmport=off,hpet=off",
		// Everything that TCG supports, so that no instruction that a test wants is
		// missing. Nehalem, Haswell, EPYC-Rome, qemu64 and max without AVX boot at
		// the same speed, within the noise (2.0 to 2.6 s of CPU time on 5.10, 6.12
		// and 7.3). Five-level page tables are off because the extra level costs
		// time and no kernel here needs it. CMPXCHG16B is off because QEMU before
		// 8.0 computes its flags from a condition code that may be older than the
		// last comparison: a CPU interrupted at that point gets bits of a pointer as
		// flags, the one of virtual 8086 mode among them, and takes a double fault.
		// Linux does without the instruction.
		TCG: "max,la57=off,cx16=off",
		// That of the host, so that no instruction is missing and none is emulated,
		// less what cannot be part of a template. A template is only restored on the
		// host that made it, which is why no model of a common denominator is needed.
		// migratable=on, although the default, hides the invariant TSC: with it a
		// kernel would prefer the TSC, which jumps when a VM is restored, to KVM's
		// own clock, which QEMU saves and which continues where it stopped. Nested
		// virtualisation is off: hosts before Linux 4.20 cannot save its state, and
		// no test runs VMs.
		KVM: "host,migratable=on,vmx=off,svm=off",

		Console: "ttyS0",
		// On a busy host the emulated timers are late; the kernel must not conclude
		// that they are broken: "IO-APIC + timer doesn't work" is a panic, and a
		// clock source marked unstable changes the rest of the run. Saves 0.1 s,
		// too.
		EmulatedArgs: []string{"no_timer_check", "tsc=reliable"},
		// The chipset's own serial ports.
		Control: Port{Guest: "/dev/ttyS1"},
		Output:  Port{Guest: "/dev/ttyS2"},

		Virtio: "pci",
		Pmem:   true,
	},
}
