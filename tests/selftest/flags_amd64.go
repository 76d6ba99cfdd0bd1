package selftest

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// compareExchange16 compares a number with itself, stores the two words at p,
// which is aligned to 16 bytes, to where they are, and returns the flags. The
// CPU has CMPXCHG16B.
func compareExchange16(p *[2]uint64, compared uint64) (flags uint64)

// flagsAfterExchange returns the flags after CMPXCHG16B has stored, and before
// it those of a number that was compared with itself. ok is false on a CPU
// that does not have the instruction.
func flagsAfterExchange(compared uint64) (flags uint64, ok bool) {
	if !cpu.X86.HasCX16 {
		return 0, false
	}
	var room [3]uint64
	p := (*[2]uint64)(room[:])
	if uintptr(unsafe.Pointer(p))%16 != 0 {
		p = (*[2]uint64)(room[1:])
	}
	return compareExchange16(p, compared), true
}
