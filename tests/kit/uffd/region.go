// Package uffd provides memory whose first access blocks until a test resolves it,
// by userfaultfd(2). It stops a system call halfway through copying into such
// memory for as long as the test needs.
package uffd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit/ioctl"
)

// Region is anonymous memory with all pages initially missing. Go code must not
// touch an unresolved page: the thread would block with its P held. Kernel
// code, in a system call, may.
type Region struct {
	mem  []byte
	fd   int
	page int
}

// New creates a region of size bytes, a multiple of the page size. The error is the
// bare errno: ENOSYS without CONFIG_USERFAULTFD, EPERM if only privileged
// processes may handle kernel faults (vm.unprivileged_userfaultfd).
func New(size int) (*Region, error) {
	fd, _, e := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK, 0, 0)
	if e != 0 {
		return nil, e
	}
	r := &Region{fd: int(fd), page: os.Getpagesize()}
	err := ioctl.Call(r.fd, ioctlAPI, &api{api: apiVersion})
	if err == nil {
		r.mem, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	}
	if err == nil {
		err = ioctl.Call(r.fd, ioctlRegister, &register{area: area{r.address(), uint64(size)}, mode: modeMissing})
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Bytes is the region from off on, to be passed to a system call.
func (r *Region) Bytes(off int) []byte { return r.mem[off:] }

func (r *Region) address() uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(r.mem)))) }

// Await returns the page offset of a pending fault, or os.ErrDeadlineExceeded if
// there is none in time.
func (r *Region) Await(deadline time.Time) (int, error) {
	for {
		var msg [32]byte // struct uffd_msg
		n, err := unix.Read(r.fd, msg[:])
		switch {
		case err == nil && n == len(msg) && msg[0] == eventPagefault:
			at := binary.NativeEndian.Uint64(msg[16:]) - r.address()
			return int(at) / r.page * r.page, nil
		case err == nil:
			return 0, fmt.Errorf("userfaultfd: event %#x of %d bytes", msg[0], n)
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EAGAIN):
			return 0, fmt.Errorf("read from userfaultfd: %w", err)
		}
		left := time.Until(deadline)
		if left <= 0 {
			return 0, fmt.Errorf("no fault: %w", os.ErrDeadlineExceeded)
		}
		p := []unix.PollFd{{Fd: int32(r.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, int(left.Milliseconds())+1); err != nil && !errors.Is(err, unix.EINTR) {
			return 0, fmt.Errorf("poll userfaultfd: %w", err)
		}
	}
}

// Resolve zero-fills n bytes at off, both multiples of the page size, and wakes
// the threads waiting for them. All pages must be missing.
func (r *Region) Resolve(off, n int) error {
	arg := &zeropage{area: area{r.address() + uint64(off), uint64(n)}}
	if err := ioctl.Call(r.fd, ioctlZeropage, arg); err != nil {
		return fmt.Errorf("UFFDIO_ZEROPAGE: %w", err)
	}
	return nil
}

// Close wakes all waiters and unmaps the memory, which no system call may be
// using.
func (r *Region) Close() {
	if r.fd >= 0 {
		_ = unix.Close(r.fd)
		r.fd = -1
	}
	if r.mem != nil {
		_ = unix.Munmap(r.mem)
		r.mem = nil
	}
}
