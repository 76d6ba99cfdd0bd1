package kit

import (
	"errors"
	"fmt"
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

// readMapped copies a mapping out, and storeMapped stores b at the beginning of
// one. The kernel does both, in a read(2) or write(2) of another file, by the
// page tables that the process has: a page that is missing, or may not be
// written yet, faults as it does for an instruction of the process, and one
// that cannot be had is EFAULT instead of SIGBUS. But a Go thread that waits
// in a fault of its own keeps its processor and holds up the garbage
// collector, and with that whoever is to end the wait, where this process is
// the FUSE server or drains the pipe; in a system call it holds up nobody.
func readMapped(m []byte) ([]byte, error) {
	b := make([]byte, len(m))
	err := throughFile(func(fd int) error {
		if err := pwriteAll(fd, m, 0); err != nil {
			return err
		}
		return fetch(fd, b)
	})
	return b, err
}

func storeMapped(m, b []byte) error {
	return throughFile(func(fd int) error {
		if err := pwriteAll(fd, b, 0); err != nil {
			return err
		}
		return fetch(fd, m[:len(b)])
	})
}

// fetch fills b with the beginning of a file.
func fetch(fd int, b []byte) error {
	n, err := preadAll(fd, b)
	if err == nil && n != len(b) {
		err = errShortRead
	}
	return err
}

var errShortRead = errors.New("read less than asked")

// throughFile calls f with an empty file in memory.
func throughFile(f func(fd int) error) error {
	fd, err := unix.MemfdCreate("splicelab", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("memfd_create: %w", err)
	}
	defer func() { _ = unix.Close(fd) }()
	return f(fd)
}

// mapShared maps the first length bytes of fd.
func mapShared(fd, length, prot int) ([]byte, error) {
	return unix.Mmap(fd, 0, length, prot, unix.MAP_SHARED)
}

// mapPopulated is a mapping to read from, in which mmap itself has brought in
// the pages that can be had.
func mapPopulated(fd int, off int64, length int) ([]byte, error) {
	return unix.Mmap(fd, off, length, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
}
