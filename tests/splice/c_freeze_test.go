package splice

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/fsctl"
)

var frozen = []kit.Test{freeze, readOnly}

var freeze = kit.Test{
	Name: "TestFreeze", ID: "C7", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "The filesystem is frozen and thawed while the file's pages are in the pipe.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Freeze the filesystem by FIFREEZE; a second FIFREEZE must fail with EBUSY.",
		"Read the pipe while the filesystem is frozen, and thaw it by FITHAW.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 on ext4, xfs and btrfs"},
	Needs: append([]string{string(kit.Freeze)}, needsGuest...),
	Cells: kit.Sweep(),
	Guest: true, // any other writer to the filesystem would block
}

func TestFreeze(t *testing.T) {
	kit.Run(t, freeze, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		thaw := func() error { return fsctl.Thaw(f.FD) }
		f.Operate(kit.Freeze, "FIFREEZE", func() error { return fsctl.Freeze(f.FD) })
		c.T.Cleanup(func() { _ = thaw() }) // must run before the file is closed and removed
		if err := fsctl.Freeze(f.FD); !errors.Is(err, unix.EBUSY) {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "a second FIFREEZE does not fail with EBUSY: the filesystem is not frozen"})
		}
		c.Attr("frozen", "yes")
		p.Collect()
		f.Operate(kit.Freeze, "FITHAW", thaw)
		p.Judge(f)
	})
}

var readOnly = kit.Test{
	Name: "TestRemountReadOnly", ID: "C7", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "The filesystem is remounted read-only while the file's pages are in the pipe.",
	Steps: []string{
		"Splice the beginning of a file into a pipe, and close the file.",
		"Remount the filesystem read-only; EBUSY counts as blocked. Opening the file for writing must then fail with EROFS.",
		"Read the pipe, and remount the filesystem read-write.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem"},
	Needs: []string{"root", "a filesystem that may be unmounted"},
	Cells: kit.Sweep(),
}

func TestRemountReadOnly(t *testing.T) {
	kit.Run(t, readOnly, func(c *kit.Cell) {
		c.OwnMount()
		f := c.File()
		p := f.Splice()
		f.Close()
		writable := func() error { return unix.Mount("", c.FS.Point, "", unix.MS_REMOUNT, "") }
		c.T.Cleanup(func() { _ = writable() })
		f.Operate("read-only mounts", "mount(MS_REMOUNT|MS_RDONLY)", func() error {
			return unix.Mount("", c.FS.Point, "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
		})
		fd, err := unix.Open(f.Path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if !errors.Is(err, unix.EROFS) {
			_ = unix.Close(fd)
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "a file on a read-only filesystem opens for writing"})
		}
		c.Attr("read_only", "yes")
		p.Collect()
		if err := writable(); err != nil {
			c.Infra("remount read-write: %s", kit.ErrnoName(err))
		}
		f.Reopen()
		p.Judge(f)
		f.Close() // the next cell may unmount the filesystem
	})
}
