package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Block is a block device in memory whose discarded blocks read as zeros.
var Block = Source{
	Name: "block", Doc: "a block device in memory (null_blk)",
	Modules: []string{"null_blk", "configfs"},
	Open: func(c *kit.Cell) *kit.File {
		path := nullBlock(c)
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			c.Infra("open %s: %s", path, kit.ErrnoName(err))
		}
		f := c.Adopt(fd, path, c.Shape.Size)
		f.Fill(c.Shape.Chunk, c.Shape.Dirty)
		return f
	},
}

// blockMiB is the size of the device.
const blockMiB = 8

// nullBlock creates a block device through configfs and returns its path. It is
// removed when the cell ends.
func nullBlock(c *kit.Cell) string {
	c.T.Helper()
	onlyInGuest(c)
	c.Module("configfs", "null_blk")
	tree := mountPoint(c)
	mount(c, "configfs", tree, "configfs", 0, "")
	// Newer kernels name the device after its directory.
	dir, err := os.MkdirTemp(filepath.Join(tree, "nullb"), "nullb-cell-")
	if err != nil {
		c.Infra("make a null_blk device: %v", err)
	}
	c.T.Cleanup(func() {
		if err := unix.Rmdir(dir); err != nil {
			c.T.Errorf("remove a null_blk device: %s", kit.ErrnoName(err))
		}
	})
	for _, a := range [][2]string{
		{"size", fmt.Sprint(blockMiB)}, {"blocksize", "512"}, {"memory_backed", "1"}, {"discard", "1"}, {"power", "1"},
	} {
		if err := os.WriteFile(filepath.Join(dir, a[0]), []byte(a[1]), 0); err != nil {
			c.Infra("null_blk: set %s to %s: %v", a[0], a[1], err)
		}
	}
	index, err := os.ReadFile(filepath.Join(dir, "index"))
	if err != nil {
		c.Infra("%v", err)
	}
	for _, name := range []string{filepath.Base(dir), "nullb" + strings.TrimSpace(string(index))} {
		if _, err := os.Stat("/dev/" + name); err == nil {
			return "/dev/" + name
		}
	}
	c.Infra("the null_blk device has no node in /dev")
	return ""
}

// ZeroOut zeroes a range of a block device by BLKZEROOUT.
func ZeroOut(c *kit.Cell, f *kit.File, off int64, n int) {
	c.T.Helper()
	rangeCall(c, f, "BLKZEROOUT", unix.BLKZEROOUT, off, n)
}

// Discard discards a range of a block device by BLKDISCARD; the devices here
// then read as zeros.
func Discard(c *kit.Cell, f *kit.File, off int64, n int) {
	c.T.Helper()
	rangeCall(c, f, "BLKDISCARD", unix.BLKDISCARD, off, n)
}

func rangeCall(c *kit.Cell, f *kit.File, name string, request uintptr, off int64, n int) {
	c.T.Helper()
	r := [2]uint64{uint64(off), uint64(n)}
	var err error
	c.Attempt(name, func() error {
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(f.FD), request, uintptr(unsafe.Pointer(&r))); e != 0 {
			err = e
		}
		return err
	})
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		c.Skip("%s: EOPNOTSUPP on %s", name, f.Path)
	case err != nil:
		c.Failed(name, err)
	}
	f.History.Zero(off, n)
}
