package splice

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var written = []kit.Test{writeback}

var writeback = kit.Test{
	Name: "TestWriteback", ID: "C5", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "Dirty pages that are in the pipe are written back, by each of the calls that do so.",
	Steps: []string{
		"Splice the beginning of a dirty file into a pipe.",
		"Write it back by fsync, sync, syncfs, sync_file_range or msync; its first page must then be clean.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem that writes back"},
	Needs: []string{"a filesystem that writes back"},
	Cells: dirty("fsync", "sync", "syncfs", "sync-file-range", "msync"),
}

func TestWriteback(t *testing.T) {
	kit.Run(t, writeback, func(c *kit.Cell) {
		if c.FS.Type == "tmpfs" {
			c.Skip("tmpfs has no backing store to write its pages back to")
		}
		f := c.File()
		p := f.Splice()
		f.Operate("writeback", c.Shape.Variant, func() error { return writeBack(c, f) })
		c.Attr("dirty_after", f.Dirty(0))
		if f.Dirty(0) == "yes" {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: c.Shape.Variant + " left the first page dirty"})
		}
		p.Judge(f)
	})
}

// writeBack makes the call that the cell's variant names.
func writeBack(c *kit.Cell, f *kit.File) error {
	switch c.Shape.Variant {
	case "sync":
		unix.Sync()
		return nil
	case "syncfs":
		return unix.Syncfs(f.FD)
	case "sync-file-range":
		return unix.SyncFileRange(f.FD, 0, int64(c.Shape.Size),
			unix.SYNC_FILE_RANGE_WAIT_BEFORE|unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER)
	case "msync":
		m, err := unix.Mmap(f.FD, 0, c.Shape.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Munmap(m) }()
		return unix.Msync(m, unix.MS_SYNC)
	}
	return unix.Fsync(f.FD)
}
