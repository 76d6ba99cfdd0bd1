package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var zeroRange = kit.Test{
	Name: "TestZeroRange", ID: "B11", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "FALLOC_FL_ZERO_RANGE over the spliced range.",
	Steps:  spliceThenSteps("Zero that range by FALLOC_FL_ZERO_RANGE."),
	Oracle: zeroOracle,
	Known: []string{
		"snapshot on 5.10, and for a single-page file on every kernel",
		"zeroed with a large folio on ext4 and xfs on 6.18 and 7.3, on btrfs on 7.3",
		"on xfs on 6.1 zeroed after readahead, otherwise snapshot",
		"EOPNOTSUPP on tmpfs",
	},
	Needs: []string{string(kit.ZeroRange)},
	Quick: []string{"large-clean"},
	Cells: kit.Sweep(),
}

func TestZeroRange(t *testing.T) {
	spliceThen(t, zeroRange, func(c *kit.Cell, f *kit.File) { f.Zero(0, c.Shape.Span) })
}

var writeZeroes = kit.Test{
	Name: "TestWriteZeroes", ID: "B11", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "FALLOC_FL_WRITE_ZEROES over the spliced range; since Linux 6.17, on devices that support it.",
	Steps:  spliceThenSteps("Zero that range by FALLOC_FL_WRITE_ZEROES."),
	Oracle: zeroOracle,
	Known: []string{
		"EOPNOTSUPP on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs: their device does not support it",
	},
	Needs: []string{string(kit.WriteZeroes)},
	Cells: kit.Sweep(),
}

func TestWriteZeroes(t *testing.T) {
	spliceThen(t, writeZeroes, func(c *kit.Cell, f *kit.File) { f.WriteZeroes(0, c.Shape.Span) })
}

// twoPages is the sweep for COLLAPSE_RANGE, which needs data after the range: the
// small file has a second page.
func twoPages() []kit.Shape {
	small := kit.Small()
	for i := range small {
		small[i].Size = 2 * kit.PageSize
	}
	return kit.Varied(nil, small, kit.Large(), kit.Readahead(kit.Large()))
}

var collapseRange = kit.Test{
	Name: "TestCollapseRange", ID: "B12", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "FALLOC_FL_COLLAPSE_RANGE of the spliced range: the file then has there what followed it, and never a zero.",
	Steps:  spliceThenSteps("Remove that range from the file by FALLOC_FL_COLLAPSE_RANGE."),
	Oracle: "a byte is the old one, or the one shifted to its offset; a zero is a phantom. Afterwards read(2), a fresh mapping and O_DIRECT all show the shorter file",
	Known: []string{
		"snapshot on ext4 on 5.10, 6.1, 6.18 and 7.3",
		"phantom zeros on xfs: on 6.18 and 7.3 with a large folio, on 6.1 with one created by readahead",
		"snapshot on xfs on 5.10, and on later kernels with a single-page folio",
		"EOPNOTSUPP on tmpfs and btrfs",
	},
	Needs: []string{string(kit.CollapseRange)},
	Quick: []string{"large-dirty"},
	Cells: twoPages(),
}

func TestCollapseRange(t *testing.T) {
	spliceThen(t, collapseRange, func(c *kit.Cell, f *kit.File) { f.Collapse(0, c.Shape.Span) })
}

var insertRange = kit.Test{
	Name: "TestInsertRange", ID: "B13", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "FALLOC_FL_INSERT_RANGE in front of the spliced range.",
	Steps:  spliceThenSteps("Insert a hole of the same length in front of it by FALLOC_FL_INSERT_RANGE."),
	Oracle: "a byte is the old one, or zero for the hole; afterwards read(2), a fresh mapping and O_DIRECT all show the longer file",
	Known: []string{
		"snapshot on ext4 and xfs on 5.10, 6.1, 6.18 and 7.3",
		"EOPNOTSUPP on tmpfs and btrfs",
	},
	Needs: []string{string(kit.InsertRange)},
	Cells: kit.Sweep(),
}

func TestInsertRange(t *testing.T) {
	spliceThen(t, insertRange, func(c *kit.Cell, f *kit.File) { f.Insert(0, c.Shape.Span) })
}
