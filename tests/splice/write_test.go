package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

const familyMutation = "B mutation after the splice"

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
