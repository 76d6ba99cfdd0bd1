package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

var punchHoleInPage = kit.Test{
	Name: "TestPunchHoleInPage", ID: "B8", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A hole of 1024 bytes punched inside the first page that was spliced: the report of 2023.",
	Needs: []string{string(kit.PunchHole)},
	Cells: kit.SweepHuge(),
}

func TestPunchHoleInPage(t *testing.T) {
	kit.Run(t, punchHoleInPage, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Punch(1024, 1024)
		p.Judge(f)
	})
}
