package selftest

import "golang.org/x/sys/unix"

// outw writes a word to an I/O port; without permission for the port it raises
// SIGSEGV.
func outw(port, value uint16)

// outWord requests permission for the two bytes of an I/O port and writes value
// there. The caller has locked its thread.
func outWord(port, value uint16) error {
	if _, _, e := unix.RawSyscall(unix.SYS_IOPERM, uintptr(port), 2, 1); e != 0 {
		return e
	}
	outw(port, value)
	return nil
}
