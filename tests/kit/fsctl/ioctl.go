// Package fsctl wraps filesystem ioctls that move, share and query extents,
// without the tools that usually issue them. The structures are those of
// include/uapi/linux and of the filesystems' own headers.
package fsctl

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl passes a structure by its address.
func ioctl[T any](fd int, request uintptr, arg *T) error {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(arg)))
	runtime.KeepAlive(arg)
	if e != 0 {
		return e
	}
	return nil
}

// direction of an ioctl's argument, as asm-generic/ioctl.h encodes it.
const (
	write     = 1
	read      = 2
	readWrite = read | write
)

// number builds an ioctl's number for an argument of type T.
func number[T any](direction, group, nr uintptr) uintptr {
	var arg T
	return direction<<30 | unsafe.Sizeof(arg)<<16 | group<<8 | nr
}

// name copies a string into a zero-terminated field of fixed length.
func name(field []byte, s string) {
	clear(field)
	copy(field[:len(field)-1], s)
}
