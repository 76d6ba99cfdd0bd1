package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var cloneOver = kit.Test{
	Name: "TestCloneOver", ID: "B14", Family: familyMutation, Kind: outcome.Characterisation,
	Doc: "FICLONERANGE of another file's blocks over the spliced range.",
	Steps: []string{
		"Write two files, and splice the beginning of the first into a pipe.",
		"Clone the same range of the second over it.",
		"Read the pipe.",
	},
	Known: []string{
		"snapshot on btrfs on 5.10, 6.1, 6.18 and 7.3",
		"phantom zeros on xfs: on 6.18 and 7.3 with a large folio, on 6.1 with one created by readahead",
		"snapshot on xfs on 5.10, and on later kernels with a single-page folio",
		"EOPNOTSUPP on tmpfs and ext4",
	},
	Needs: []string{string(kit.CloneRange)},
	Cells: kit.Sweep(),
}

func TestCloneOver(t *testing.T) {
	kit.Run(t, cloneOver, func(c *kit.Cell) {
		f := c.File()
		other := c.FileOf(c.Shape.Size, c.Shape.Chunk, true) // the clone itself writes it back
		p := f.Splice()
		f.Clone(other, 0, c.Shape.Span)
		p.Judge(f)
	})
}

var renameOver = kit.Test{
	Name: "TestRenameOver", ID: "B17", Family: familyMutation, Kind: outcome.Invariant, Priority: 1,
	Doc: "Another file is renamed over the spliced one, which thereby loses its name but not its content.",
	Steps: []string{
		"Write two files, and splice the beginning of the first into a pipe.",
		"Rename the second over the first, which stays open.",
		"Read the pipe.",
	},
	Known: []string{
		"snapshot on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Cells: kit.Sweep(),
}

func TestRenameOver(t *testing.T) {
	kit.Run(t, renameOver, func(c *kit.Cell) {
		f := c.File()
		other := c.FileOf(c.Shape.Size, c.Shape.Chunk, true)
		p := f.Splice()
		f.RenamedOver(other)
		p.Judge(f)
	})
}
