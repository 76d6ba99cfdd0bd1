package source

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/tests/kit"
)

// hostname is a procfs file large enough for a whole cell of the pattern.
const hostname = "/proc/sys/kernel/hostname"

// Hostname is a procfs file, whose splice copies on every kernel: the hostname of
// a new UTS namespace of the calling thread. It is not a Source: it has one cell
// of the pattern, is changed only by Rename, and has no size. The calling
// goroutine stays locked to its thread, which exits with it.
func Hostname(c *kit.Cell) *kit.File {
	c.T.Helper()
	if os.Getenv(protocol.EnvGuest) != "1" {
		c.Skip("%s=1 not set: sets the hostname, only allowed in a throw-away VM", protocol.EnvGuest)
	}
	runtime.LockOSThread()
	switch err := unix.Unshare(unix.CLONE_NEWUTS); {
	case errors.Is(err, unix.EPERM):
		c.Skip("unshare(CLONE_NEWUTS): EPERM")
	case errors.Is(err, unix.EINVAL):
		c.Skip("unshare(CLONE_NEWUTS): EINVAL (a kernel without CONFIG_UTS_NS)")
	case err != nil:
		c.Infra("unshare(CLONE_NEWUTS): %s", kit.ErrnoName(err))
	}
	fd, err := unix.Open(hostname, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		c.Infra("open %s: %s", hostname, kit.ErrnoName(err))
	}
	f := c.Adopt(fd, hostname, kit.CellLen)
	setHostname(c, f.History.Content())
	return f
}

// Rename changes the content of Hostname.
func Rename(c *kit.Cell, f *kit.File) {
	c.T.Helper()
	setHostname(c, f.History.Write(0, kit.CellLen))
}

func setHostname(c *kit.Cell, name []byte) {
	c.T.Helper()
	if err := unix.Sethostname(name); err != nil {
		c.Infra("sethostname: %s", kit.ErrnoName(err))
	}
}
