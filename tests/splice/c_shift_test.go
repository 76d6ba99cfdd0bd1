package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var shifts = []kit.Test{beforeShift, noPhantomZero, cloneNoZero}

// threePages is the sweep for a shift inside the spliced range: the small file
// has pages before, at and after it, each a separate folio.
func threePages(variants ...string) []kit.Shape {
	small := kit.Small()
	for i := range small {
		small[i].Size, small[i].Span = 3*kit.PageSize, 3*kit.PageSize
	}
	return kit.Varied(variants, small, kit.Large())
}

var beforeShift = kit.Test{
	Name: "TestBeforeShift", ID: "C2", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "INSERT_RANGE and COLLAPSE_RANGE of the second page leave the first alone.",
	Steps: []string{
		"Splice the beginning of a file, of at least three pages, into a pipe.",
		"Insert a page before the second one, or collapse it, in the middle of the spliced range.",
		"Read the pipe.",
	},
	Oracle: "the bytes of the first page are as of the splice, and the others are only counted; afterwards read(2), a fresh mapping and O_DIRECT all show the expected file",
	Known:  []string{"snapshot on every kernel from 5.10 to 7.3, on ext4 and xfs"},
	Needs:  []string{string(kit.InsertRange), string(kit.CollapseRange)},
	Cells:  threePages("insert", "collapse"),
}

func TestBeforeShift(t *testing.T) {
	kit.Run(t, beforeShift, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		shift(c, f)
		p.JudgeBefore(f, int64(kit.PageSize))
	})
}

var noPhantomZero = kit.Test{
	Name: "TestShiftWithoutZeros", ID: "C4", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "Shifting a file's blocks never shows a zero at an offset where the file never had one.",
	Steps: []string{
		"Splice the beginning of a file, of at least three pages, into a pipe.",
		"Insert a page before the second one, or collapse the second one.",
		"Read the pipe.",
	},
	Oracle: "every byte is one that the file had at its offset before or after, which the attribute received distinguishes; in the inserted hole zero is such a byte; afterwards read(2), a fresh mapping and O_DIRECT all show the expected file",
	Known:  []string{"phantom zeros after collapse on xfs with a large folio, on 6.12, 6.18 and 7.3", "phantom zeros after insert and collapse on ext4 with a large folio, on 6.18 and 7.3", "snapshot otherwise"},
	Needs:  []string{string(kit.InsertRange), string(kit.CollapseRange)},
	Cells:  threePages("insert", "collapse"),
}

func TestShiftWithoutZeros(t *testing.T) {
	kit.Run(t, noPhantomZero, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		shift(c, f)
		p.JudgeHistory(f)
	})
}

var cloneNoZero = kit.Test{
	Name: "TestCloneWithoutZeros", ID: "C4", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "Cloning another file's blocks, which contain no zero, over a file never shows a zero.",
	Steps: []string{
		"Write two files, of different content and without zeros, and splice the beginning of the first into a pipe.",
		"Clone the second over the spliced range by FICLONERANGE.",
		"Read the pipe.",
	},
	Oracle: "every byte is one that the file had at its offset before or after, which the attribute received distinguishes; afterwards read(2), a fresh mapping and O_DIRECT all show the expected file",
	Known:  []string{"phantom zeros on xfs with a large folio, on 6.12 and 7.3", "snapshot otherwise: on xfs on 5.10, on btrfs on 5.10, 6.12 and 7.3"},
	Needs:  []string{string(kit.CloneRange)},
	Cells:  kit.Sweep(),
}

func TestCloneWithoutZeros(t *testing.T) {
	kit.Run(t, cloneNoZero, func(c *kit.Cell) {
		f := c.File()
		other := c.FileOf(c.Shape.Size, c.Shape.Chunk, false)
		p := f.Splice()
		f.Clone(other, 0, c.Shape.Span)
		p.JudgeHistory(f)
	})
}

// shift inserts or collapses the second page, depending on the cell's variant.
func shift(c *kit.Cell, f *kit.File) {
	c.T.Helper()
	second := int64(kit.PageSize)
	if c.Shape.Variant == "insert" {
		f.Insert(second, kit.PageSize)
		return
	}
	f.Collapse(second, kit.PageSize)
}
