package uffd

import "github.com/splicelab/splicelab/tests/kit/ioctl"

// Of include/uapi/linux/userfaultfd.h.
const (
	apiVersion     = 0xaa
	eventPagefault = 0x12
	modeMissing    = 1 << 0
)

// userfaultfd's ioctls are in group 0xaa.
var (
	ioctlAPI      = ioctl.Number[api](ioctl.ReadWrite, 0xaa, 0x3f)      // UFFDIO_API
	ioctlRegister = ioctl.Number[register](ioctl.ReadWrite, 0xaa, 0x00) // UFFDIO_REGISTER
	ioctlZeropage = ioctl.Number[zeropage](ioctl.ReadWrite, 0xaa, 0x04) // UFFDIO_ZEROPAGE
)

type area struct{ start, length uint64 }

// api is struct uffdio_api.
type api struct {
	api uint64
	_   [2]uint64
}

// register is struct uffdio_register.
type register struct {
	area area
	mode uint64
	_    uint64
}

// zeropage is struct uffdio_zeropage.
type zeropage struct {
	area area
	_    [2]uint64
}
