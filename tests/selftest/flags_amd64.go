package selftest

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// compareExchange16 compares a number with itself, writes the two words at p,
// which is aligned to 16 bytes, back unchanged, and returns the flags. The CPU
// has CMPXCHG16B.
func compareExchange16(p *[2]uint64, compared uint64) (flags uint64)

// flagsAfterExchange returns the flags after a successful CMPXCHG16B; before that
// the flags are those of a number compared with itself. ok is false on a CPU
// without the instruction.
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
