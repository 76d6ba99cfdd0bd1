package source

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Direct is a file on the filesystem under test that is spliced through an
// O_DIRECT descriptor, which reads into the pipe's own pages.
var Direct = Source{
	Name: "direct", Doc: "a file on the filesystem under test, spliced with O_DIRECT, which copies", Copies: true,
	Open: func(c *kit.Cell) *kit.File {
		f := c.File()
		fd, err := unix.Open(f.Path, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
		switch {
		case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP):
			c.Unsupported(kit.DirectIO, "open with O_DIRECT", err)
		case err != nil:
			c.Infra("open with O_DIRECT: %s", kit.ErrnoName(err))
		}
		c.T.Cleanup(func() { _ = unix.Close(fd) })
		f.SpliceFD = fd
		return f
	},
}
