package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

const familyMutation = "B mutation after the splice"

var mutation = []kit.Test{
	write, writeDirect, mmapStore, sendfileWrite,
	truncateInPage, truncateToZero,
	punchHoleInPage, punchHolePage, punchHoleInFolio,
	zeroRange, writeZeroes, collapseRange, insertRange,
}

var write = kit.Test{
	Name: "TestWrite", ID: "B1", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A buffered write over the range that was spliced.",
	Cells: kit.SweepHuge(),
}

func TestWrite(t *testing.T) {
	kit.Run(t, write, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Write(0, c.Shape.Span)
		p.Judge(f)
	})
}

var writeDirect = kit.Test{
	Name: "TestWriteDirect", ID: "B4", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "An O_DIRECT write over the range that was spliced.",
	Needs: []string{string(kit.DirectIO)},
	Cells: kit.Sweep(),
}

func TestWriteDirect(t *testing.T) {
	kit.Run(t, writeDirect, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.WriteDirect(0, c.Shape.Span)
		p.Judge(f)
	})
}

var mmapStore = kit.Test{
	Name: "TestMmapStore", ID: "B5", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "Stores over the range that was spliced, through a shared mapping that was there before the splice.",
	Cells: kit.Sweep(),
}

func TestMmapStore(t *testing.T) {
	kit.Run(t, mmapStore, func(c *kit.Cell) {
		f := c.File()
		m := f.Map(c.Shape.Span)
		p := f.Splice()
		m.Store(0, c.Shape.Span)
		p.Judge(f)
	})
}

var sendfileWrite = kit.Test{
	Name: "TestSendfileWrite", ID: "B19", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "sendfile(2) to a pipe in place of splice(2), then a buffered write: Linux 5.10 copies, 6.1 aliases.",
	Cells: kit.Sweep(),
}

func TestSendfileWrite(t *testing.T) {
	kit.Run(t, sendfileWrite, func(c *kit.Cell) {
		f := c.File()
		p := f.Sendfile()
		f.Write(0, c.Shape.Span)
		p.Judge(f)
	})
}
