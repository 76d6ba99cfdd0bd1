package uffd

// Of include/uapi/linux/userfaultfd.h.
const (
	apiVersion     = 0xaa
	eventPagefault = 0x12
	modeMissing    = 1 << 0

	ioctlAPI      = 0xc018aa3f // UFFDIO_API
	ioctlRegister = 0xc020aa00 // UFFDIO_REGISTER
	ioctlZeropage = 0xc020aa04 // UFFDIO_ZEROPAGE
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
