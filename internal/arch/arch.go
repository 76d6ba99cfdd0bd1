// Package arch describes the processor architectures that the lab knows. Each
// has one file, which says everything that differs: the emulator, its machine
// and CPU, consoles, kernel images, flavours and compilers. Code elsewhere asks
// the table and never compares names, so that adding an architecture is adding
// a file.
package arch

import (
	"debug/elf"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// Arch is one architecture.
type Arch struct {
	// Name is that of Go (GOARCH) and Debian.
	Name string
	// Machine is that of its ELF files.
	Machine elf.Machine
	// Kernel builds its kernels.
	Kernel Kernel
	// Flavours are the flavours of Debian's kernels; the first is the default.
	Flavours []string
	// PageSizes are those of flavours whose pages are not of 4096 bytes.
	PageSizes map[string]int
	// QEMU emulates it.
	QEMU QEMU
}

// Kernel is what the kernel's own build system calls things.
type Kernel struct {
	Arch   string // make's ARCH=
	Target string // the target that makes the boot image
	Image  string // the boot image below the build directory
	// CrossCompile is the prefix of the cross compiler's programs, CrossPackage
	// the Debian package that contains it. Unused where host and target agree.
	CrossCompile, CrossPackage string
	// ImageMagic is at offset 56 of a flat Image. Empty on architectures whose
	// boot image is a bzImage.
	ImageMagic string
	// ImagePages reports whether bits 1 and 2 of an Image's flags are the size
	// of its pages.
	ImagePages bool
}

// all is in the order in which users read them.
var all = []Arch{amd64, arm64, riscv64}

// All returns the known architectures.
func All() []Arch { return slices.Clone(all) }

// Names returns the names of the known architectures.
func Names() []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return names
}

// Host is this machine's architecture; ok is false where the lab has no entry.
func Host() (a Arch, ok bool) {
	a, err := Parse(runtime.GOARCH)
	return a, err == nil
}

// Default is the host's architecture, or amd64, emulated, on hosts without an
// entry.
func Default() Arch {
	if host, ok := Host(); ok {
		return host
	}
	return amd64
}

// Parse returns the architecture called name; the error names the known ones.
func Parse(name string) (Arch, error) {
	for _, a := range all {
		if a.Name == name {
			return a, nil
		}
	}
	return Arch{}, fmt.Errorf("unknown architecture %q: use %s", name, strings.Join(Names(), ", "))
}

// OfMachine returns the architecture of an ELF file.
func OfMachine(m elf.Machine) (Arch, error) {
	for _, a := range all {
		if a.Machine == m {
			return a, nil
		}
	}
	return Arch{}, fmt.Errorf("built for %s: the lab knows %s", m, strings.Join(Names(), ", "))
}

// OfFlavour returns the architecture of a flavour of Debian's kernels, such as
// "arm64-16k"; the error names the known flavours.
func OfFlavour(flavour string) (Arch, error) {
	var known []string
	for _, a := range all {
		if slices.Contains(a.Flavours, flavour) {
			return a, nil
		}
		known = append(known, a.Flavours...)
	}
	return Arch{}, fmt.Errorf("unknown flavour %q: use %s", flavour, strings.Join(known, ", "))
}

// FlavourOf returns the flavour in the release of one of Debian's kernels:
// "arm64-16k" of 6.12.117+deb13-arm64-16k. It is empty where there is none.
func FlavourOf(release string) string {
	found := ""
	for _, a := range all {
		for _, f := range a.Flavours {
			// amd64 is a suffix of cloud-amd64, too.
			before := len(release) - len(f) - 1
			if len(f) > len(found) && before >= 0 && release[before] == '-' && release[before+1:] == f {
				found = f
			}
		}
	}
	return found
}

// PageSize is the size of a page of a flavour, in bytes.
func (a Arch) PageSize(flavour string) int {
	if size, ok := a.PageSizes[flavour]; ok {
		return size
	}
	return 4096
}

// Native reports whether the host runs a's code without emulating it.
func (a Arch) Native() bool { return a.Name == runtime.GOARCH }
