package splice

import (
	"bytes"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var fuseMove = kit.Test{
	Name: "TestFUSEMove", ID: "G8", Family: familyConsumer, Kind: outcome.Invariant, Priority: 1,
	Doc: "A FUSE server answers reads with pages that it splices from the file with SPLICE_F_MOVE, by which the kernel may take them out of the file's page cache and put them into that of the FUSE file: from then on each file is its own.",
	Steps: []string{
		"Evict the file and read it in again in single pages, which alone can be moved.",
		"Read the FUSE file whole.",
		"In the cell target-written overwrite the FUSE file, in source-written the file.",
	},
	Oracle: "The FUSE file delivers what the file held when it was read, or what was written to it since; read(2), a fresh mapping and O_DIRECT show the file as it should be. How many of the file's pages left its page cache is the attribute moved.",
	Known: []string{
		"Both files are right on 5.10, 6.1, 6.12, 6.18 and 7.3; on ext4, xfs and btrfs all 16 pages moved, on tmpfs, seen on 6.12 alone, none.",
	},
	Modules: fuseModules, Guest: true,
	Fault: kit.FaultSource,
	Cells: kit.Named("read", "target-written", "source-written"),
}

func TestFUSEMove(t *testing.T) {
	kit.Run(t, fuseMove, func(c *kit.Cell) {
		src := c.File()
		singlePages(c, src)
		size := c.Shape.Size
		before := kit.ResidentPages(src.FD, size)
		target := source.ServeMoved(c, src).Open(c, unix.O_RDWR)
		target.History.Replace(0, src.History.Content())
		sameAs(c, src, target, "after the move")
		c.Attr("moved", strconv.Itoa(before-kit.ResidentPages(src.FD, size))+" of "+strconv.Itoa(before)+" pages")
		switch c.Shape.Variant {
		case "target-written":
			target.Write(0, c.Shape.Span)
		case "source-written":
			src.Write(0, c.Shape.Span)
		}
		sameAs(c, src, target, "at the end")
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "both files are right"}.Worse(src.Views()))
	})
}

// singlePages brings the file into the page cache in pages of their own,
// where the filesystem has a way to evict what is there.
func singlePages(c *kit.Cell, f *kit.File) {
	c.T.Helper()
	for _, advice := range []int{unix.FADV_DONTNEED, unix.FADV_RANDOM} {
		if err := unix.Fadvise(f.FD, 0, 0, advice); err != nil {
			c.Infra("posix_fadvise: %s", kit.ErrnoName(err))
		}
	}
	source.ReadBack(c, f, 0, c.Shape.Size)
	f.Observe(0)
}

// sameAs demands that target holds what its history says, and ends the cell
// with what is wrong with both files where it does not.
func sameAs(c *kit.Cell, src, target *kit.File, when string) {
	c.T.Helper()
	if got := source.ReadBack(c, target, 0, c.Shape.Size); !bytes.Equal(got, target.History.Content()) {
		c.Conclude(kit.Finding{Outcome: outcome.Foreign, Detail: "the FUSE file is not what it should be " + when}.Worse(src.Views()))
	}
}
