package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var needsPunch = []string{string(kit.PunchHole)}

var punchHoleInPage = kit.Test{
	Name: "TestPunchHoleInPage", ID: "B8", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "A hole of 1024 bytes is punched inside the first spliced page: the bug report of 2023.",
	Steps:  spliceThenSteps("Punch a hole of 1024 bytes at offset 1024."),
	Oracle: zeroOracle,
	Known: []string{
		"the 1024 bytes zeroed, and no others, on tmpfs, ext4 and btrfs on 5.10, 6.1, 6.18 and 7.3",
		"phantom zeros beside the hole on xfs: on 6.18 and 7.3 with a large folio, on 6.1 with one created by readahead",
		"snapshot on xfs on 5.10, and on later kernels with a single-page folio",
	},
	Needs: needsPunch,
	Quick: []string{"small-clean", "large-clean"},
	Cells: kit.SweepHuge(),
}

func TestPunchHoleInPage(t *testing.T) {
	spliceThen(t, punchHoleInPage, func(_ *kit.Cell, f *kit.File) { f.Punch(1024, 1024) })
}

var punchHolePage = kit.Test{
	Name: "TestPunchHolePage", ID: "B9", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "A hole replaces a whole page that is a small folio.",
	Steps:  spliceThenSteps("Punch a hole of one page at its start."),
	Oracle: zeroOracle,
	Known: []string{
		"snapshot on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Needs: needsPunch,
	Cells: kit.Small(),
}

func TestPunchHolePage(t *testing.T) {
	spliceThen(t, punchHolePage, func(_ *kit.Cell, f *kit.File) { f.Punch(0, kit.PageSize) })
}

var punchHoleInFolio = kit.Test{
	Name: "TestPunchHoleInFolio", ID: "B10", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "A hole replaces everything spliced from a large folio, which is four pages, or its second page.",
	Steps:  spliceThenSteps("Punch a hole over that range or, in the page cells, over its second page."),
	Oracle: zeroOracle,
	Known: []string{
		"snapshot on 5.10, and on tmpfs on 5.10, 6.1, 6.18 and 7.3",
		"zeroed on ext4 on 6.18 and 7.3, on xfs on 6.18 and 7.3, on btrfs on 7.3",
		"on xfs on 6.1 zeroed after readahead, otherwise snapshot",
	},
	Needs: needsPunch,
	Cells: kit.Varied([]string{"", "page"}, kit.Large()[:1], kit.Readahead(kit.Large())),
}

func TestPunchHoleInFolio(t *testing.T) {
	spliceThen(t, punchHoleInFolio, func(c *kit.Cell, f *kit.File) {
		if c.Shape.Variant == "page" {
			f.Punch(int64(kit.PageSize), kit.PageSize)
		} else {
			f.Punch(0, c.Shape.Span)
		}
	})
}
