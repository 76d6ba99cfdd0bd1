package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

var needsPunch = []string{string(kit.PunchHole)}

var punchHoleInPage = kit.Test{
	Name: "TestPunchHoleInPage", ID: "B8", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A hole of 1024 bytes punched inside the first page that was spliced: the report of 2023.",
	Needs: needsPunch,
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

var punchHolePage = kit.Test{
	Name: "TestPunchHolePage", ID: "B9", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A hole in place of a whole page that is a small folio.",
	Needs: needsPunch,
	Cells: kit.Small(),
}

func TestPunchHolePage(t *testing.T) {
	kit.Run(t, punchHolePage, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Punch(0, kit.PageSize)
		p.Judge(f)
	})
}

var punchHoleInFolio = kit.Test{
	Name: "TestPunchHoleInFolio", ID: "B10", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A hole in place of all that was spliced of a large folio (0+16384), or of one page in it (4096+4096).",
	Needs: needsPunch,
	Cells: kit.Varied([]string{"", "page"}, kit.Large(), kit.Readahead(kit.Large()), kit.Huge(), kit.Readahead(kit.Huge())),
}

func TestPunchHoleInFolio(t *testing.T) {
	kit.Run(t, punchHoleInFolio, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		if c.Shape.Variant == "page" {
			f.Punch(kit.PageSize, kit.PageSize)
		} else {
			f.Punch(0, c.Shape.Span)
		}
		p.Judge(f)
	})
}
