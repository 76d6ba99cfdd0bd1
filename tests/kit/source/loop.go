package source

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Loop is a loop device whose backing file is on the filesystem under test.
var Loop = Source{
	Name: "loop", Doc: "a loop device over a file of the filesystem under test",
	Modules: []string{"loop"},
	Open: func(c *kit.Cell) *kit.File {
		f := OpenLoop(c, c.File(), c.Shape.Size)
		f.Fill(c.Shape.Chunk, c.Shape.Dirty)
		return f
	},
}

// OpenLoop attaches a loop device to the backing file and adopts it. The device
// has a separate history; a test that changes both must share one.
func OpenLoop(c *kit.Cell, backing *kit.File, size int) *kit.File {
	c.T.Helper()
	path := AttachLoop(c, backing.FD, 0)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		c.Infra("open %s: %s", path, kit.ErrnoName(err))
	}
	return c.Adopt(fd, path, size)
}

// loopTries bounds the retries when another process takes the loop device between
// LOOP_CTL_GET_FREE and its use.
const loopTries = 16

// AttachLoop attaches a loop device to an open file and returns its path. It is
// detached when the cell or its process ends.
func AttachLoop(c *kit.Cell, backing int, flags uint32) string {
	c.T.Helper()
	onlyInGuest(c)
	c.Module("loop")
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		c.Infra("%v", err)
	}
	defer func() { _ = control.Close() }()
	for range loopTries {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			c.Infra("LOOP_CTL_GET_FREE: %s", kit.ErrnoName(err))
		}
		path := fmt.Sprintf("/dev/loop%d", n)
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			c.Infra("open %s: %s", path, kit.ErrnoName(err))
		}
		config := unix.LoopConfig{Fd: uint32(backing), Info: unix.LoopInfo64{Flags: flags | unix.LO_FLAGS_AUTOCLEAR}}
		err = unix.IoctlLoopConfigure(fd, &config)
		switch {
		case errors.Is(err, unix.EBUSY):
			_ = unix.Close(fd)
			continue
		case err != nil:
			_ = unix.Close(fd)
			c.Infra("LOOP_CONFIGURE: %s", kit.ErrnoName(err))
		}
		// The last close detaches it.
		c.T.Cleanup(func() { _ = unix.Close(fd) })
		return path
	}
	c.Infra("no loop device stayed free long enough to be used")
	return ""
}
