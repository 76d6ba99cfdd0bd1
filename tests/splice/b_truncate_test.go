package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

var truncateInPage = kit.Test{
	Name: "TestTruncateInPage", ID: "B6", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A truncation to 1000 bytes, inside the first page that was spliced.",
	Cells: kit.SweepHuge(),
}

func TestTruncateInPage(t *testing.T) {
	kit.Run(t, truncateInPage, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Truncate(1000)
		p.Judge(f)
	})
}

var truncateToZero = kit.Test{
	Name: "TestTruncateToZero", ID: "B7", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A truncation to nothing; in the cells called regrow, new data is written there afterwards.",
	Cells: kit.Sweep("", "regrow"),
}

func TestTruncateToZero(t *testing.T) {
	kit.Run(t, truncateToZero, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Truncate(0)
		if c.Shape.Variant == "regrow" {
			f.Write(0, c.Shape.Size)
		}
		p.Judge(f)
	})
}
