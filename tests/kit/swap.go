package kit

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Zram creates a compressed RAM disk of size bytes and returns its path. It is
// removed when the cell ends. The error is that of setting the size, which
// initialises the compressor.
func (c *Cell) Zram(size int) (string, error) {
	c.T.Helper()
	c.Module("zram")
	const class = "/sys/class/zram-control/"
	id, err := os.ReadFile(class + "hot_add") // reading it creates a device
	if err != nil {
		c.Infra("%v", err)
	}
	n := strings.TrimSpace(string(id))
	c.T.Cleanup(func() {
		if err := os.WriteFile(class+"hot_remove", []byte(n), 0); err != nil {
			c.T.Errorf("%v", err)
		}
	})
	return "/dev/zram" + n, os.WriteFile("/sys/block/zram"+n+"/disksize", []byte(strconv.Itoa(size)), 0)
}

// Swap enables swap for the cell, on a new compressed RAM disk.
func (c *Cell) Swap() {
	c.T.Helper()
	const size = 16 << 20
	device, err := c.Zram(size)
	if err != nil {
		c.Infra("%v", err)
	}
	if err := os.WriteFile(device, swapHeader(size), 0); err != nil {
		c.Infra("%v", err)
	}
	if err := swapCall(unix.SYS_SWAPON, device); err != nil {
		c.Infra("swapon: %s", ErrnoName(err))
	}
	c.T.Cleanup(func() {
		if err := swapCall(unix.SYS_SWAPOFF, device); err != nil {
			c.T.Errorf("swapoff: %v", err)
		}
	})
}

// swapHeader is the first page of a swap area of size bytes: the version and
// the number of the last page at 1024, the signature at its end.
func swapHeader(size int) []byte {
	b := make([]byte, PageSize)
	binary.NativeEndian.PutUint32(b[1024:], 1)
	binary.NativeEndian.PutUint32(b[1028:], uint32(size/PageSize-1))
	copy(b[PageSize-10:], "SWAPSPACE2")
	return b
}

func swapCall(call uintptr, path string) error {
	p, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	if _, _, e := unix.Syscall(call, uintptr(unsafe.Pointer(p)), 0, 0); e != 0 {
		return e
	}
	return nil
}

// PageOut makes the kernel reclaim the first size bytes of a file (MADV_PAGEOUT,
// since Linux 5.4), and returns how many of their pages are still in memory.
func (c *Cell) PageOut(fd, size int) int {
	c.T.Helper()
	m, err := mapPopulated(fd, 0, size) // only what is mapped is paged out
	if err != nil {
		c.Infra("mmap: %s", ErrnoName(err))
	}
	defer func() { _ = unix.Munmap(m) }()
	if err := c.do("madvise(MADV_PAGEOUT)", func() error { return unix.Madvise(m, unix.MADV_PAGEOUT) }); err != nil {
		c.Failed("madvise(MADV_PAGEOUT)", err)
	}
	return ResidentPages(fd, size)
}
