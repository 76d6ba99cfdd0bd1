package source

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Memfd is a file of memfd_create(2).
var Memfd = Source{
	Name: "memfd", Doc: "an anonymous file in memory",
	Open: func(c *kit.Cell) *kit.File { return MemfdOf(c, 0) },
}

// Sealed is a memfd whose size can no longer change.
var Sealed = Source{
	Name: "sealed", Doc: "an anonymous file in memory, sealed against shrinking and growing",
	Open: func(c *kit.Cell) *kit.File { return MemfdOf(c, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW) },
}

// MemfdOf is a memfd of the cell's shape that allows sealing, with the given
// seals.
func MemfdOf(c *kit.Cell, seals int) *kit.File {
	c.T.Helper()
	f := c.Adopt(memfd(c, unix.MFD_ALLOW_SEALING), "", c.Shape.Size)
	f.Path = fmt.Sprintf("/proc/self/fd/%d", f.FD)
	f.Fill(c.Shape.Chunk, true) // it has no backing store
	if seals != 0 {
		if _, err := unix.FcntlInt(uintptr(f.FD), unix.F_ADD_SEALS, seals); err != nil {
			c.Infra("F_ADD_SEALS: %s", kit.ErrnoName(err))
		}
	}
	return f
}

func memfd(c *kit.Cell, flags int) int {
	c.T.Helper()
	fd, err := unix.MemfdCreate("splicelab", flags|unix.MFD_CLOEXEC)
	switch {
	case errors.Is(err, unix.ENOSYS):
		c.Skip("memfd_create: ENOSYS (a kernel without CONFIG_MEMFD_CREATE)")
	case errors.Is(err, unix.EINVAL) && flags&unix.MFD_HUGETLB != 0:
		c.Skip("memfd_create(MFD_HUGETLB): EINVAL (a kernel without CONFIG_HUGETLBFS)")
	case errors.Is(err, unix.ENODEV) && flags&unix.MFD_HUGETLB != 0:
		c.Skip("memfd_create(MFD_HUGETLB|MFD_HUGE_2MB): ENODEV (no huge pages of 2 MiB)")
	case err != nil:
		c.Infra("memfd_create: %s", kit.ErrnoName(err))
	}
	return fd
}
