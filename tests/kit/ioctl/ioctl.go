// Package ioctl builds the numbers of ioctls that golang.org/x/sys/unix does not
// have, and issues them.
package ioctl

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Direction of an ioctl's argument, in place in the number. Most architectures
// encode it as asm-generic/ioctl.h does, but not powerpc, mips and sparc; so these
// are known numbers without their other fields.
const (
	Write     = unix.TUNSETIFF &^ (4<<16 | 'T'<<8 | 202)                             // _IOW('T', 202, int)
	Read      = unix.BLKGETSIZE64 &^ (unsafe.Sizeof(uintptr(0))<<16 | 0x12<<8 | 114) // _IOR(0x12, 114, size_t)
	ReadWrite = Read | Write
)

// Number is the number of an ioctl with an argument of type T.
func Number[T any](direction, group, nr uintptr) uintptr {
	var arg T
	return Sized(direction, group, nr, unsafe.Sizeof(arg))
}

// Sized is Number for an argument of that size.
func Sized(direction, group, nr, size uintptr) uintptr { return direction | size<<16 | group<<8 | nr }

// Call passes a structure by its address.
func Call[T any](fd int, request uintptr, arg *T) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(arg)))
	runtime.KeepAlive(arg)
	if e != 0 {
		return e
	}
	return nil
}
