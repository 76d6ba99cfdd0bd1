package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var holeFilled = kit.Test{
	Name: "TestHoleFilled", ID: "B18", Family: familyMutation, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A hole is spliced and then filled by a write or, in the store cells, through a mapping.",
	Steps: []string{
		"Make a file that is a single hole, by ftruncate.",
		"Splice its beginning into a pipe.",
		"Fill that range with data.",
		"Read the pipe.",
	},
	Oracle: "a byte is zero (the hole: snapshot) or the data written there (live), and nothing else; afterwards all three views of the file show the data",
	Known: []string{
		"live on ext4, xfs and btrfs on 5.10, 6.1, 6.18 and 7.3",
		"on tmpfs live on 5.10, snapshot on 6.1, 6.18 and 7.3",
	},
	Cells: kit.Sizes("", "store"),
}

func TestHoleFilled(t *testing.T) {
	kit.Run(t, holeFilled, func(c *kit.Cell) {
		f := c.FileOf(0, kit.PageSize, true)
		f.Truncate(c.Shape.Size)
		m := f.Map(c.Shape.Span)
		// Not File.Splice: it inspects the first page through a mapping, which on
		// tmpfs fills a hole.
		p := c.Pipe()
		p.Splice(f, 0, c.Shape.Span)
		if c.Shape.Variant == "store" {
			m.Store(0, c.Shape.Span)
		} else {
			f.Write(0, c.Shape.Span)
		}
		p.Judge(f)
	})
}
