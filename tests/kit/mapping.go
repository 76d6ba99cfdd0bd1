package kit

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// addressOf is the address of a mapping.
func addressOf(m []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(m))) }

// addressPointer is addressOf for calls that want a pointer.
func addressPointer(m []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(m)) }

// mincore returns which pages of a mapping are resident, one byte per page.
func mincore(m, vec []byte) error {
	_, _, e := unix.Syscall(unix.SYS_MINCORE, addressOf(m), uintptr(len(m)), uintptr(unsafe.Pointer(unsafe.SliceData(vec))))
	if e != 0 {
		return e
	}
	return nil
}

// readMapped copies a mapping's content, and storeMapped stores b at the start of
// a mapping. Both let the kernel do it, in a read(2) or write(2) of another file,
// through the process's page tables: a missing or write-protected page faults as
// for a user-space access, but failure is EFAULT instead of SIGBUS. A Go thread
// that blocks in a user-space page fault keeps its P and delays the garbage
// collector, and thus the goroutine that would resolve the fault: this process may
// be the FUSE server, or drain the pipe. A blocked system call does not.
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

// fetch fills b with the start of a file.
func fetch(fd int, b []byte) error {
	n, err := preadAll(fd, b)
	if err == nil && n != len(b) {
		err = errShortRead
	}
	return err
}

var errShortRead = errors.New("short read")

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

// mapPopulated is a read-only mapping, prefaulted by mmap itself (MAP_POPULATE)
// as far as possible.
func mapPopulated(fd int, off int64, length int) ([]byte, error) {
	return unix.Mmap(fd, off, length, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
}
