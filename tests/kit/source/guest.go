package source

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/tests/kit"
)

// onlyInGuest skips the cell outside a throw-away VM: mounts, loop devices and RAM
// disks are system-wide.
func onlyInGuest(c *kit.Cell) {
	c.T.Helper()
	if os.Getenv(protocol.EnvGuest) != "1" {
		c.Skip("%s=1 not set: mounts and makes devices, only allowed in a throw-away VM", protocol.EnvGuest)
	}
}

// mountPoint creates an empty directory outside the filesystem under test, to
// mount something on, and removes it when the cell ends.
func mountPoint(c *kit.Cell) string {
	c.T.Helper()
	dir, err := os.MkdirTemp("", "splicelab-*")
	if err != nil {
		c.Infra("make a mount point: %v", err)
	}
	c.T.Cleanup(func() { _ = os.Remove(dir) })
	return dir
}

// mount mounts a filesystem until the cell ends. If the kernel lacks it, the cell
// is skipped.
func mount(c *kit.Cell, device, point, fsType string, flags uintptr, data string) {
	c.T.Helper()
	err := unix.Mount(device, point, fsType, flags, data)
	switch {
	case errors.Is(err, unix.ENODEV):
		c.Skip("filesystem %s: neither built in nor in this kernel's module tree", fsType)
	case err != nil:
		c.Infra("mount %s: %s", fsType, kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { unmount(c, point) })
}

// unmount unmounts, lazily if busy.
func unmount(c *kit.Cell, point string) {
	err := unix.Unmount(point, 0)
	if err == nil {
		return
	}
	_ = unix.Unmount(point, unix.MNT_FORCE|unix.MNT_DETACH)
	c.T.Errorf("unmount %s: %s; it was detached lazily", point, kit.ErrnoName(err))
}
