package splice

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/fsctl"
)

var resized = []kit.Test{resizeMounted}

var resizeMounted = kit.Test{
	Name: "TestResize", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "The mounted filesystem shrinks and grows: btrfs by 16 MiB, xfs by 16 blocks, tmpfs by its mount option; ext4 grows if its device has room.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Resize the filesystem; statfs must show a different size.",
		"Read the pipe, and restore the filesystem's size.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 on tmpfs and btrfs, and on xfs from 6.1 on"},
	Needs: append([]string{string(kit.Resize)}, needsGuest...),
	Cells: clean(),
	Guest: true,
}

func TestResize(t *testing.T) {
	kit.Run(t, resizeMounted, func(c *kit.Cell) {
		if c.FS.Type == "tmpfs" {
			c.OwnMount()
		}
		f := c.File()
		to, back := sizes(c, f.FD)
		before := blocksOf(c)
		p := f.Splice()
		c.T.Cleanup(func() {
			if err := back(); err != nil {
				c.T.Errorf("resize to the old size: %v", err)
			}
		})
		f.Operate(kit.Resize, "resize", to)
		after := blocksOf(c)
		c.Attr("resized", fmt.Sprintf("%d to %d blocks", before, after))
		if before == after {
			c.Infra("the filesystem still has %d blocks", before)
		}
		p.Judge(f)
	})
}

func blocksOf(c *kit.Cell) uint64 {
	c.T.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(c.FS.Point, &st); err != nil {
		c.Infra("statfs: %s", kit.ErrnoName(err))
	}
	return st.Blocks
}

// sizes returns functions that change the filesystem's size and restore it.
func sizes(c *kit.Cell, fd int) (to, back func() error) {
	c.T.Helper()
	switch c.FS.Type {
	case "tmpfs":
		size := func(s string) func() error {
			return func() error { return unix.Mount("", c.FS.Point, "", unix.MS_REMOUNT, "size="+s) }
		}
		return size("64m"), size("128m") // the mount is the cell's own
	case "btrfs":
		return func() error { return fsctl.BtrfsResize(fd, "1:-16m") }, func() error { return fsctl.BtrfsResize(fd, "1:max") }
	case "xfs":
		blocks, inodes, err := fsctl.XFSBlocks(fd)
		if err != nil {
			c.Infra("XFS_IOC_FSGEOMETRY_V1: %s", kit.ErrnoName(err))
		}
		if kernelBefore(c, 5, 12) {
			c.Skip("xfs shrinks since Linux 5.12, and its device has no room to grow")
		}
		return func() error { return fsctl.XFSResize(fd, blocks-16, inodes) }, func() error { return fsctl.XFSResize(fd, blocks, inodes) }
	case "ext4":
		has, room, err := fsctl.Ext4Blocks(os.Getenv(protocol.EnvDevice))
		if err != nil {
			c.Infra("read the superblock: %v", err)
		}
		if has >= room {
			c.Skip("ext4 does not shrink while it is mounted, and its device has no room to grow: %d blocks of %d", has, room)
		}
		return func() error { return fsctl.Ext4Resize(fd, room) }, func() error { return nil }
	}
	c.Skip("this test cannot resize %s", c.FS.Type)
	return nil, nil
}

// kernelBefore reports whether the kernel is older than the release.
func kernelBefore(c *kit.Cell, major, minor int) bool {
	c.T.Helper()
	var u unix.Utsname
	var have [2]int
	if err := unix.Uname(&u); err != nil {
		c.Infra("uname: %s", kit.ErrnoName(err))
	}
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &have[0], &have[1]); err != nil {
		c.Infra("release: %v", err)
	}
	return have[0] < major || have[0] == major && have[1] < minor
}

// snapshotOf creates a read-only btrfs snapshot of the filesystem's root. It
// returns the open snapshot and the file inside it.
func snapshotOf(c *kit.Cell, f *kit.File) (subvolume int, snapshot *kit.File) {
	c.T.Helper()
	open := func(path string, flags int) int {
		fd, err := unix.Open(path, flags|unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			c.Infra("open %s: %s", path, kit.ErrnoName(err))
		}
		c.T.Cleanup(func() { _ = unix.Close(fd) })
		return fd
	}
	const as = "snapshot"
	root := open(c.FS.Point, unix.O_DIRECTORY)
	f.Operate("BTRFS_IOC_SNAP_CREATE_V2", "BTRFS_IOC_SNAP_CREATE_V2", func() error { return fsctl.BtrfsSnapshot(root, root, as) })
	c.T.Cleanup(func() {
		if err := fsctl.BtrfsDelete(root, as); err != nil {
			c.T.Errorf("delete the snapshot: %v", err)
		}
	})
	inside, err := filepath.Rel(c.FS.Point, f.Path)
	if err != nil {
		c.Infra("%v", err)
	}
	twin := *f // shares the history
	twin.Path = filepath.Join(c.FS.Point, as, inside)
	twin.FD = open(twin.Path, 0)
	return open(filepath.Join(c.FS.Point, as), unix.O_DIRECTORY), &twin
}
