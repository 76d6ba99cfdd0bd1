package fsctl

import "github.com/splicelab/splicelab/tests/kit/ioctl"

// Freeze writes the filesystem of fd back and blocks all writers (FIFREEZE).
func Freeze(fd int) error {
	var unused int32
	return ioctl.Call(fd, ioctl.Number[int32](ioctl.ReadWrite, 'X', 119), &unused)
}

// Thaw undoes Freeze (FITHAW).
func Thaw(fd int) error {
	var unused int32
	return ioctl.Call(fd, ioctl.Number[int32](ioctl.ReadWrite, 'X', 120), &unused)
}
