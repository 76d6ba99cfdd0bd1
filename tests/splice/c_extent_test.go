package splice

import (
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/fsctl"
)

var moved = []kit.Test{preallocate, moveExtent, swapExtents, btrfsDefragment, btrfsBalance, btrfsSend}

var preallocate = kit.Test{
	Name: "TestPreallocate", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "fallocate of blocks inside and beyond the file, with and without a new size.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Allocate blocks from the start of the file to 16 pages beyond EOF by fallocate, with or without FALLOC_FL_KEEP_SIZE; the file must then have more blocks, or the new size.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs: []string{string(kit.Preallocate)},
	Cells: kit.Sweep("keep-size", "extend"),
}

func TestPreallocate(t *testing.T) {
	kit.Run(t, preallocate, func(c *kit.Cell) {
		beyond := 16 * kit.PageSize
		f := c.File()
		p := f.Splice()
		before := status(c, f)
		mode := uint32(unix.FALLOC_FL_KEEP_SIZE)
		if c.Shape.Variant == "extend" {
			mode = 0
			f.History.Truncate(c.Shape.Size + beyond)
		}
		f.Operate(kit.Preallocate, "fallocate", func() error {
			return unix.Fallocate(f.FD, mode, 0, int64(c.Shape.Size+beyond))
		})
		after := status(c, f)
		c.Attr("allocated", strconv.FormatInt((after.Blocks-before.Blocks)*512, 10))
		if mode != 0 && after.Blocks <= before.Blocks {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "the file has no more blocks than before fallocate(FALLOC_FL_KEEP_SIZE)"})
		}
		p.Judge(f)
	})
}

func status(c *kit.Cell, f *kit.File) *unix.Stat_t {
	c.T.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(f.FD, &st); err != nil {
		c.Infra("fstat: %s", kit.ErrnoName(err))
	}
	return &st
}

// place lists the physical location of the blocks at the start of a file, by
// FIEMAP.
func place(c *kit.Cell, f *kit.File) []fsctl.Extent {
	c.T.Helper()
	extents, err := fsctl.Extents(f.FD, 0, uint64(c.Shape.Size))
	if err != nil || len(extents) == 0 {
		c.Infra("FIEMAP: %d extents, %v", len(extents), err)
	}
	return extents
}

// mustHaveMoved ends the cell unless the blocks have moved: otherwise the test
// would be vacuous.
func mustHaveMoved(c *kit.Cell, f *kit.File, from []fsctl.Extent) {
	c.T.Helper()
	to := place(c, f)
	c.Attr("extents", strconv.Itoa(len(from))+" before, "+strconv.Itoa(len(to))+" after")
	if slices.Equal(from, to) {
		c.Infra("the blocks of the file have not moved")
	}
	c.Attr("moved_blocks", "yes")
}

// relocated splices the beginning of a file, moves its blocks by the operation,
// and judges what the reader of the pipe received. The operation must change
// nothing but the blocks' location.
func relocated(c *kit.Cell, f *kit.File, operation func()) {
	c.T.Helper()
	from := place(c, f)
	p := f.Splice()
	operation()
	found := p.Finding(f)
	mustHaveMoved(c, f, from)
	c.Record(found.Worse(f.Views()))
}

// only skips the cell on all other filesystems.
func only(c *kit.Cell, fsType, operation string) {
	c.T.Helper()
	if c.FS.Type != fsType {
		c.Skip("%s is an operation of %s, and this is %s", operation, fsType, c.FS.Type)
	}
}

var moveExtent = kit.Test{
	Name: "TestMoveExtent", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "EXT4_IOC_MOVE_EXT, the ioctl behind e4defrag, gives the file other blocks.",
	Steps: []string{
		"Preallocate a donor of the file's size, and splice the beginning of the file into a pipe.",
		"Move the file's data to the donor's blocks; all blocks must have moved, and FIEMAP must show different ones.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs: []string{"ext4"},
	Cells: clean(),
}

func TestMoveExtent(t *testing.T) {
	kit.Run(t, moveExtent, func(c *kit.Cell) {
		only(c, "ext4", "EXT4_IOC_MOVE_EXT")
		f := c.File()
		donor := c.Bystander(0)
		if err := unix.Fallocate(donor, 0, 0, int64(c.Shape.Size)); err != nil {
			c.Infra("fallocate the donor: %s", kit.ErrnoName(err))
		}
		relocated(c, f, func() {
			var st unix.Statfs_t
			if err := unix.Fstatfs(f.FD, &st); err != nil {
				c.Infra("fstatfs: %s", kit.ErrnoName(err))
			}
			var done uint64
			blocks := uint64(c.Shape.Size) / uint64(st.Bsize)
			f.Operate(kit.MoveExtent, "EXT4_IOC_MOVE_EXT", func() (err error) {
				done, err = fsctl.Ext4MoveExtent(f.FD, donor, blocks)
				return err
			})
			c.Attr("moved", strconv.FormatUint(done, 10))
			if done != blocks {
				c.Infra("EXT4_IOC_MOVE_EXT moved %d of %d blocks", done, blocks)
			}
		})
	})
}

var swapExtents = kit.Test{
	Name: "TestSwapExtents", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "XFS_IOC_SWAPEXT, the ioctl behind xfs_fsr, gives the file the blocks of a copy.",
	Steps: []string{
		"Write a second file of the same content, and splice the beginning of the first into a pipe.",
		"Exchange the blocks of both; FIEMAP must show different ones.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs: []string{"xfs"},
	Cells: clean(),
}

func TestSwapExtents(t *testing.T) {
	kit.Run(t, swapExtents, func(c *kit.Cell) {
		only(c, "xfs", "XFS_IOC_SWAPEXT")
		f := c.File()
		other := f.Twin()
		relocated(c, f, func() {
			f.Operate(kit.SwapExtent, "XFS_IOC_SWAPEXT", func() error {
				return fsctl.XFSSwapExtents(f.FD, other, status(c, f))
			})
		})
	})
}

var btrfsDefragment = kit.Test{
	Name: "TestDefragment", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "btrfs defragments the file.",
	Steps: []string{
		"Write a file, then its first page again, so that it has two extents.",
		"Splice its beginning into a pipe.",
		"Defragment it by BTRFS_IOC_DEFRAG_RANGE; FIEMAP must show different blocks.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs: []string{"btrfs"},
	Cells: threePagesClean(),
}

// threePagesClean is threePages without the dirty cells.
func threePagesClean() []kit.Shape {
	return slices.DeleteFunc(threePages(), func(s kit.Shape) bool { return s.Dirty })
}

func TestDefragment(t *testing.T) {
	kit.Run(t, btrfsDefragment, func(c *kit.Cell) {
		only(c, "btrfs", "BTRFS_IOC_DEFRAG_RANGE")
		f := c.File()
		f.Write(0, kit.PageSize)
		f.Sync()
		relocated(c, f, func() {
			f.Operate("BTRFS_IOC_DEFRAG_RANGE", "BTRFS_IOC_DEFRAG_RANGE", func() error { return fsctl.BtrfsDefragment(f.FD) })
			f.Sync()
		})
	})
}

var btrfsBalance = kit.Test{
	Name: "TestBalance", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "btrfs moves all data of the filesystem to new chunks.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Balance all data chunks by BTRFS_IOC_BALANCE_V2; FIEMAP must show different blocks.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs: append([]string{"btrfs"}, needsGuest...),
	Cells: kit.Large()[:1],
	Guest: true, // it moves all data on the filesystem
}

func TestBalance(t *testing.T) {
	kit.Run(t, btrfsBalance, func(c *kit.Cell) {
		only(c, "btrfs", "BTRFS_IOC_BALANCE_V2")
		f := c.File()
		relocated(c, f, func() {
			var chunks uint64
			f.Operate("BTRFS_IOC_BALANCE_V2", "BTRFS_IOC_BALANCE_V2", func() (err error) {
				chunks, err = fsctl.BtrfsBalance(f.FD)
				return err
			})
			c.Attr("balanced_chunks", strconv.FormatUint(chunks, 10))
		})
	})
}

var btrfsSend = kit.Test{
	Name: "TestSend", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "btrfs sends a read-only snapshot while pages of a file in it are in the pipe.",
	Steps: []string{
		"Write a file, and make a read-only snapshot of the subvolume.",
		"Splice the beginning of the snapshot's file into a pipe.",
		"Send the snapshot to a memfd by BTRFS_IOC_SEND; the stream must be longer than the file.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs: append([]string{"btrfs"}, needsGuest...),
	Cells: clean(),
	Guest: true,
}

func TestSend(t *testing.T) {
	kit.Run(t, btrfsSend, func(c *kit.Cell) {
		only(c, "btrfs", "BTRFS_IOC_SEND")
		f := c.File()
		subvolume, snapshot := snapshotOf(c, f)
		stream, err := unix.MemfdCreate("stream", unix.MFD_CLOEXEC)
		if err != nil {
			c.Infra("memfd_create: %s", kit.ErrnoName(err))
		}
		defer func() { _ = unix.Close(stream) }()
		p := snapshot.Splice()
		f.Operate("BTRFS_IOC_SEND", "BTRFS_IOC_SEND", func() error { return fsctl.BtrfsSend(subvolume, stream) })
		var st unix.Stat_t
		if err := unix.Fstat(stream, &st); err != nil {
			c.Infra("fstat: %s", kit.ErrnoName(err))
		}
		c.Attr("sent", strconv.FormatInt(st.Size, 10))
		if st.Size <= int64(c.Shape.Size) {
			c.Infra("the stream has %d bytes for a file of %d", st.Size, c.Shape.Size)
		}
		p.Judge(snapshot)
	})
}
