package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

var zeroRange = kit.Test{
	Name: "TestZeroRange", ID: "B11", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "FALLOC_FL_ZERO_RANGE over all that was spliced.",
	Needs: []string{string(kit.ZeroRange)},
	Cells: kit.SweepHuge(),
}

func TestZeroRange(t *testing.T) {
	kit.Run(t, zeroRange, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Zero(0, c.Shape.Span)
		p.Judge(f)
	})
}

var writeZeroes = kit.Test{
	Name: "TestWriteZeroes", ID: "B11", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "FALLOC_FL_WRITE_ZEROES over all that was spliced; since Linux 6.17, on devices that can.",
	Needs: []string{string(kit.WriteZeroes)},
	Cells: kit.Sweep(),
}

func TestWriteZeroes(t *testing.T) {
	kit.Run(t, writeZeroes, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.WriteZeroes(0, c.Shape.Span)
		p.Judge(f)
	})
}

// twoPages is the sweep for COLLAPSE_RANGE, which must leave something
// behind the range: the small file has a second page.
func twoPages() []kit.Shape {
	small := kit.Small()
	for i := range small {
		small[i].Size = 2 * kit.PageSize
	}
	return kit.Varied(nil, small, kit.Large(), kit.Readahead(kit.Large()), kit.Huge(), kit.Readahead(kit.Huge()))
}

var collapseRange = kit.Test{
	Name: "TestCollapseRange", ID: "B12", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "FALLOC_FL_COLLAPSE_RANGE of all that was spliced: the file then holds there what was behind it, and never a zero.",
	Needs: []string{string(kit.CollapseRange)},
	Cells: twoPages(),
}

func TestCollapseRange(t *testing.T) {
	kit.Run(t, collapseRange, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Collapse(0, c.Shape.Span)
		p.Judge(f)
	})
}

var insertRange = kit.Test{
	Name: "TestInsertRange", ID: "B13", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "FALLOC_FL_INSERT_RANGE in front of all that was spliced.",
	Needs: []string{string(kit.InsertRange)},
	Cells: kit.SweepHuge(),
}

func TestInsertRange(t *testing.T) {
	kit.Run(t, insertRange, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Insert(0, c.Shape.Span)
		p.Judge(f)
	})
}
