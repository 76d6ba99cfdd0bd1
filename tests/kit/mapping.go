package kit

import (
	"fmt"
	"runtime/debug"
	"unsafe"

	"golang.org/x/sys/unix"
)

// addressOf is where a mapping begins.
func addressOf(m []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(m))) }

// addressPointer is addressOf for calls that want a pointer.
func addressPointer(m []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(m)) }

// mincore asks which pages of a mapping are resident, a byte for each.
func mincore(m, vec []byte) error {
	_, _, e := unix.Syscall(unix.SYS_MINCORE, addressOf(m), uintptr(len(m)), uintptr(unsafe.Pointer(unsafe.SliceData(vec))))
	if e != 0 {
		return e
	}
	return nil
}

// readMapped copies a mapping out. A page that cannot be had, which raises
// SIGBUS, is an error.
func readMapped(m []byte) (b []byte, err error) {
	b = make([]byte, len(m))
	err = guarded(func() { copy(b, m) })
	return b, err
}

// storeMapped stores b at the beginning of a mapping.
func storeMapped(m, b []byte) error {
	return guarded(func() { copy(m, b) })
}

func guarded(access func()) (err error) {
	before := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(before)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("SIGBUS at a mapped page: %v", p)
		}
	}()
	access()
	return nil
}

// mapShared maps the first length bytes of fd.
func mapShared(fd, length, prot int) ([]byte, error) {
	return unix.Mmap(fd, 0, length, prot, unix.MAP_SHARED)
}

// mapPopulated is a mapping to read from, whose pages are brought in by mmap
// itself. Where this very process has to serve them, as a FUSE server does, a
// page fault would wait for a thread that waits for the one that faults; a
// system call lets the others run.
func mapPopulated(fd int, off int64, length int) ([]byte, error) {
	return unix.Mmap(fd, off, length, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
}
