package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var truncateInPage = kit.Test{
	Name: "TestTruncateInPage", ID: "B6", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "A truncation to 1000 bytes, inside the first spliced page.",
	Steps:  spliceThenSteps("Truncate the file to 1000 bytes."),
	Oracle: "a byte beyond the new EOF is zero or the old one; one before it is the old one. Afterwards read(2), a fresh mapping and O_DIRECT all show 1000 bytes",
	Known: []string{
		"zeroed on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Quick: []string{"small-clean"},
	Cells: kit.SweepHuge(),
}

func TestTruncateInPage(t *testing.T) {
	spliceThen(t, truncateInPage, func(_ *kit.Cell, f *kit.File) { f.Truncate(1000) })
}

var truncateToZero = kit.Test{
	Name: "TestTruncateToZero", ID: "B7", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:    "A truncation to zero; in the regrow cells, new data is written afterwards.",
	Steps:  spliceThenSteps("Truncate the file to zero; in the regrow cells, write new data up to its old length."),
	Oracle: "a byte is the old one or, on a kernel that revokes pages from the pipe, zero or the new data; afterwards the views of the file show its new content",
	Known: []string{
		"snapshot on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs: the pages leave the page cache, and the pipe keeps them",
	},
	Cells: kit.Sweep("", "regrow"),
}

func TestTruncateToZero(t *testing.T) {
	spliceThen(t, truncateToZero, func(c *kit.Cell, f *kit.File) {
		f.Truncate(0)
		if c.Shape.Variant == "regrow" {
			f.Write(0, c.Shape.Size)
		}
	})
}
