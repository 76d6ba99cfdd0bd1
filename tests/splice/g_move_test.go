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
	Doc: "A FUSE server answers reads with pages that it splices from the file with SPLICE_F_MOVE, so that the kernel may move them from the file's page cache into that of the FUSE file: from then on the two files are independent.",
	Steps: []string{
		"Evict the file and read it back in single pages: only those can be moved.",
		"Read the whole FUSE file.",
		"In the cell target-written overwrite the FUSE file, in source-written the file.",
	},
	Oracle: "The FUSE file delivers the file's content at the time of the read, or what was written to it since; read(2), a fresh mapping and O_DIRECT show the expected file. The number of pages that left the file's page cache is the attribute moved.",
	Known: []string{
		"Both files are right on 5.10, 6.1, 6.12, 6.18 and 7.3; on ext4, xfs and btrfs all 16 pages moved, on tmpfs, tested on 6.12 only, none.",
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

// singlePages brings the file into the page cache in single pages, if the
// filesystem can evict the existing ones.
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

// sameAs checks target against its history. On a mismatch it ends the cell and
// reports both files.
func sameAs(c *kit.Cell, src, target *kit.File, when string) {
	c.T.Helper()
	if got := source.ReadBack(c, target, 0, c.Shape.Size); !bytes.Equal(got, target.History.Content()) {
		c.Conclude(kit.Finding{Outcome: outcome.Foreign, Detail: "the FUSE file is not as expected " + when}.Worse(src.Views()))
	}
}
