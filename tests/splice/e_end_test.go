package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyEnd = "E end of file and holes"

var endOfFiles = []kit.Test{behindTruncate, behindWrite, behindFallocate, holes, appended}

const endOracle = "the bytes stored beyond EOF are in no history, so a single one of them is foreign; the extended range must be zero for splice, and afterwards for read(2), a fresh mapping and O_DIRECT"

// beyondEOFSteps are the steps shared by E1 to E3.
func beyondEOFSteps(extend string) []string {
	return []string{
		"Write a file that ends inside a page, and fill the rest of that page through a shared mapping.",
		extend,
		"Splice the file from 100 bytes before its old EOF to the new one.",
		"Every byte between the old EOF and what was written must be zero.",
	}
}

var behindTruncate = kit.Test{
	Name: "TestBehindEndTruncate", ID: "E1", Family: familyEnd, Kind: outcome.Invariant,
	Doc:    "Data stored beyond EOF through a mapping is not seen by a splice after ftruncate extended the file; in the synced cells, the file was written back in between, and in the again cells, the store was repeated after that.",
	Steps:  beyondEOFSteps("Extend the file by ftruncate."),
	Oracle: endOracle,
	Known:  []string{"foreign on tmpfs, 5.10 to 7.3", "foreign on ext4 on 5.10 and 6.1 except in the synced cells, which are zero; zero from 6.12 on", "zero on xfs and btrfs"},
	Cells:  kit.Varied([]string{"", "synced", "again"}, unaligned(kit.Small()), unaligned(kit.Large())),
}

func TestBehindEndTruncate(t *testing.T) {
	kit.Run(t, behindTruncate, func(c *kit.Cell) {
		spliceBeyondEOF(c, func(f *kit.File, size int) { f.Truncate(size) })
	})
}

var behindWrite = kit.Test{
	Name: "TestBehindEndWrite", ID: "E2", Family: familyEnd, Kind: outcome.Invariant, Priority: 1,
	Doc:    "Data stored beyond EOF through a mapping is not seen by a splice after a write beyond EOF extended the file.",
	Steps:  beyondEOFSteps("Write 512 bytes beyond EOF, leaving a gap."),
	Oracle: endOracle,
	Known:  []string{"foreign on tmpfs, 5.10 to 7.3", "foreign on ext4 on 5.10 and 6.1, zero from 6.12 on", "zero on xfs and btrfs"},
	Cells:  kit.Varied(nil, unaligned(kit.Small()), unaligned(kit.Large())),
}

func TestBehindEndWrite(t *testing.T) {
	kit.Run(t, behindWrite, func(c *kit.Cell) {
		spliceBeyondEOF(c, func(f *kit.File, size int) { f.Write(int64(size-512), 512) })
	})
}

var behindFallocate = kit.Test{
	Name: "TestBehindEndFallocate", ID: "E3", Family: familyEnd, Kind: outcome.Invariant, Priority: 1,
	Doc:    "Data stored beyond EOF through a mapping is not seen by a splice after fallocate extended the file.",
	Steps:  beyondEOFSteps("Extend the file by fallocate with mode 0."),
	Oracle: endOracle,
	Known:  []string{"foreign on tmpfs, 5.10 to 7.3", "foreign on ext4 on 5.10 and 6.1, zero from 6.12 on", "foreign on xfs on 5.10 and 6.1 where the file is dirty, zero where it is clean; zero from 6.12 on", "zero on btrfs"},
	Needs:  []string{string(kit.PlainFallocate)},
	Cells:  kit.Varied(nil, unaligned(kit.Small()), unaligned(kit.Large())),
}

func TestBehindEndFallocate(t *testing.T) {
	kit.Run(t, behindFallocate, func(c *kit.Cell) {
		spliceBeyondEOF(c, (*kit.File).FallocateTo)
	})
}

// spliceBeyondEOF stores beyond EOF of a new file, has it extended by about two
// pages, and judges a splice of the extended range.
func spliceBeyondEOF(c *kit.Cell, extend func(f *kit.File, size int)) {
	f := c.File()
	size := f.History.Size()
	page := size / kit.PageSize * kit.PageSize
	m := f.Map(page + kit.PageSize)
	m.StoreBeyondEOF()
	switch c.Shape.Variant {
	case "synced":
		f.Sync()
	case "again":
		f.Sync()
		m.StoreBeyondEOF()
	}
	to := page + 2*kit.PageSize + 777
	extend(f, to)
	f.Observe(int64(page))
	p := c.Pipe()
	p.Splice(f, int64(size-100), to-size+100)
	p.Judge(f)
}
