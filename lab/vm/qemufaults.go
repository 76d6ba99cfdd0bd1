package vm

import "fmt"

// Fault is a known fault of some versions of QEMU, and how the lab avoids it.
type Fault struct {
	What    string
	Avoided string
}

// faults are in the order of the versions that mended them. State that a version
// does not save is another matter: see arch.QEMU.RestoredFrom.
var faults = []struct {
	arch         string // whose guests it affects; empty for all
	major, minor int    // the first version without it
	Fault
}{
	{"amd64", 8, 0, Fault{
		"under TCG, CMPXCHG16B leaves flags that no instruction can set, and a kernel interrupted there dies of a double fault",
		"emulated CPUs lack the instruction",
	}},
	{"", 8, 2, Fault{
		"a template's memory is opened for writing even where it is mapped privately",
		"QEMU may write to that file, and each template is checked before its first use in a run",
	}},
}

// KnownFaults are the faults of a version, as Version returns it, that affect
// guests of an architecture. A version that cannot be read has none.
func KnownFaults(version, arch string) []Fault {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n != 2 {
		return nil
	}
	var known []Fault
	for _, f := range faults {
		if (f.arch == "" || f.arch == arch) && (major < f.major || major == f.major && minor < f.minor) {
			known = append(known, f.Fault)
		}
	}
	return known
}
