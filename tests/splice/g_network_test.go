package splice

import (
	"errors"
	"os"
	"runtime"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"splicelab/tests/kit"
)

// ownNetwork takes the cell, that is the thread that it runs on, into a
// network namespace of its own until it ends.
func ownNetwork(c *kit.Cell) {
	c.T.Helper()
	runtime.LockOSThread()
	outside, err := netns.Get()
	if err != nil {
		c.Infra("open the network namespace: %v", err)
	}
	c.T.Cleanup(func() {
		// A thread that does not come back ends with the cell, being locked.
		if netns.Set(outside) == nil {
			runtime.UnlockOSThread()
		}
		_ = outside.Close()
	})
	switch err := unix.Unshare(unix.CLONE_NEWNET); {
	case errors.Is(err, unix.EPERM):
		c.Skip("network namespaces: EPERM")
	case err != nil:
		c.Infra("network namespace: %s", kit.ErrnoName(err))
	}
}

// netSysctl sets a sysctl of the cell's own network.
func netSysctl(c *kit.Cell, name, value string) {
	c.T.Helper()
	if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0); err != nil {
		c.Infra("sysctl: %v", err)
	}
}
