package kit

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
)

// mountFlags are the options that mount(2) takes as bits.
var mountFlags = map[string]uintptr{
	"ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC,
	"noatime": unix.MS_NOATIME, "nodiratime": unix.MS_NODIRATIME, "relatime": unix.MS_RELATIME,
	"sync": unix.MS_SYNCHRONOUS, "dirsync": unix.MS_DIRSYNC, "lazytime": unix.MS_LAZYTIME, "rw": 0,
}

// arguments converts the mount's options to arguments of mount(2).
func (m Mount) arguments() (flags uintptr, data string) {
	var rest []string
	for _, o := range strings.Split(m.Options, ",") {
		if bit, ok := mountFlags[o]; ok {
			flags |= bit
		} else if o != "" {
			rest = append(rest, o)
		}
	}
	return flags, strings.Join(rest, ",")
}

// mount mounts the filesystem at its previous mount point.
func (m Mount) mount() error {
	flags, data := m.arguments()
	err := unix.Mount(m.Source, m.Point, m.Type, flags, data)
	if errors.Is(err, unix.EINVAL) {
		// Some kernels show options that they do not accept.
		err = unix.Mount(m.Source, m.Point, m.Type, flags, "")
	}
	if err != nil {
		return fmt.Errorf("mount %s on %s again: %s", m.Source, m.Point, ErrnoName(err))
	}
	return nil
}

// OwnMount gives the cell a filesystem that it may unmount: a new tmpfs with
// the options of the one under test, or, in a throw-away VM, the filesystem
// under test itself, which is mounted again when the cell ends. Call it before
// the cell creates files.
func (c *Cell) OwnMount() {
	c.T.Helper()
	if c.FS.Type == "tmpfs" {
		c.ownTmpfs()
		return
	}
	if os.Getenv(protocol.EnvGuest) != "1" {
		c.Skip("%s=1 not set: unmounts the filesystem under test, only allowed in a throw-away VM", protocol.EnvGuest)
	}
	if c.FS.Root != "/" || c.FS.Point == "/" {
		c.Skip("%s is not a mount of a whole filesystem of its own", c.FS.Point)
	}
	wd, err := os.Getwd()
	if err != nil {
		c.Infra("%v", err)
	}
	if err := os.Chdir("/"); err != nil {
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() {
		if err := c.restore(); err != nil {
			c.T.Errorf("%v", err)
			return
		}
		_ = os.Chdir(wd)
	})
}

// restore mounts the filesystem under test unless it is mounted. If that fails, a
// regular file replaces the mount point, so that the following cells fail in their
// set-up instead of testing the filesystem underneath.
func (c *Cell) restore() error {
	if m, err := MountOf(c.FS.Point); err == nil && m.Point == c.FS.Point {
		return nil
	}
	err := c.FS.mount()
	if err != nil && os.RemoveAll(c.FS.Point) == nil {
		_ = os.WriteFile(c.FS.Point, []byte(err.Error()+"\n"), 0o444)
	}
	return err
}

func (c *Cell) ownTmpfs() {
	c.T.Helper()
	spare := os.Getenv(protocol.EnvSpare)
	if spare == "" {
		spare = c.T.TempDir()
	}
	own := c.FS
	own.Source, own.Point = "tmpfs", spare
	if err := own.mount(); err != nil {
		if os.Geteuid() != 0 {
			c.Skip("not root: %v", err)
		}
		c.Infra("%v", err)
	}
	c.T.Cleanup(func() {
		if m, err := MountOf(spare); err == nil && m.Point == spare {
			_ = unix.Unmount(spare, unix.MNT_DETACH)
		}
	})
	c.dir, c.FS.Point = spare, spare
}

// Unmount unmounts the filesystem that OwnMount gave the cell. If that fails
// with EBUSY, it drains the pipes: if that helps, they were the cause.
func (c *Cell) Unmount() {
	c.T.Helper()
	call := func() error { return unix.Unmount(c.FS.Point, 0) }
	err := c.do("umount", call)
	if !errors.Is(err, unix.EBUSY) {
		if err != nil {
			c.Failed("umount", err)
		}
		return
	}
	for _, p := range c.pipes {
		p.Collect()
		p.CloseRead()
		p.CloseWrite()
	}
	if err := call(); err != nil {
		c.Infra("umount: %s, even with the pipe closed: something else keeps it busy", ErrnoName(err))
	}
	c.Failed("umount with a full pipe", unix.EBUSY)
}

// Remount mounts what Unmount unmounted; false for a filesystem that is not
// persistent.
func (c *Cell) Remount() bool {
	c.T.Helper()
	if c.FS.Type == "tmpfs" {
		return false
	}
	if err := c.restore(); err != nil {
		c.Infra("%v", err)
	}
	return true
}
