package splice

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyMutation = "B mutation after the splice"

var mutation = []kit.Test{
	write, writeInSector, writeDontCache, writeDirect, mmapStore, sendfileWrite, uringSplice,
	truncateInPage, truncateToZero, reused,
	punchHoleInPage, punchHolePage, punchHoleInFolio,
	zeroRange, writeZeroes, collapseRange, insertRange,
	cloneOver, exchangedOver, renameOver, holeFilled, teeDiverges, tornRead,
}

// spliceThen is the body of most tests: splice the beginning of a file into a
// pipe, change the file, and judge what the reader of the pipe received.
func spliceThen(t *testing.T, test kit.Test, change func(c *kit.Cell, f *kit.File)) {
	t.Helper()
	kit.Run(t, test, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		change(c, f)
		p.Judge(f)
	})
}

// spliceThenSteps are the steps of spliceThen, for the catalogue.
func spliceThenSteps(change ...string) []string {
	return slices.Concat([]string{"Splice the beginning of a file into a pipe."}, change, []string{"Read the pipe."})
}

// zeroOracle is the oracle of the tests that zero a range inside the file.
const zeroOracle = "a byte is zero, or from the file as of the splice; a zero at an offset whose history has none is a phantom. Afterwards read(2), a fresh mapping and O_DIRECT all show the file with its zeros"

var write = kit.Test{
	Name: "TestWrite", ID: "B1", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "A buffered write over the spliced range.",
	Steps: spliceThenSteps("Overwrite that range."),
	Known: []string{
		"live on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Quick: []string{"large-dirty"},
	Cells: kit.SweepHuge(),
}

func TestWrite(t *testing.T) {
	spliceThen(t, write, func(c *kit.Cell, f *kit.File) { f.Write(0, c.Shape.Span) })
}

var writeInSector = kit.Test{
	Name: "TestWriteInSector", ID: "B2", Family: familyMutation, Kind: outcome.Characterisation, Priority: 1,
	Doc:   "A buffered write of 128 bytes inside a sector of the first spliced page.",
	Steps: spliceThenSteps("Write 128 bytes at offset 704."),
	Known: []string{
		"live on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Cells: kit.Sweep(),
}

func TestWriteInSector(t *testing.T) {
	spliceThen(t, writeInSector, func(_ *kit.Cell, f *kit.File) { f.Write(704, 128) })
}

var writeDontCache = kit.Test{
	Name: "TestWriteDontCache", ID: "B3", Family: familyMutation, Kind: outcome.Characterisation, Priority: 1,
	Doc: "A write with RWF_DONTCACHE over the spliced range, followed by writeback, after which the page cache drops it.",
	Steps: spliceThenSteps(
		"Overwrite that range by pwritev2 with RWF_DONTCACHE (Linux 6.14).",
		"fsync the file.",
	),
	Known: []string{
		"live on ext4 and xfs on 6.18 and 7.3",
		"EOPNOTSUPP on 5.10 and 6.1, and on tmpfs and btrfs",
	},
	Needs: []string{string(kit.DontCache)},
	Cells: kit.Sweep(),
}

func TestWriteDontCache(t *testing.T) {
	spliceThen(t, writeDontCache, func(c *kit.Cell, f *kit.File) {
		f.WriteDontCache(0, c.Shape.Span)
		f.Sync()
		c.Attr("resident_after", f.Resident(0))
	})
}

var writeDirect = kit.Test{
	Name: "TestWriteDirect", ID: "B4", Family: familyMutation, Kind: outcome.Characterisation,
	Doc:   "An O_DIRECT write over the spliced range.",
	Steps: spliceThenSteps("Overwrite that range with O_DIRECT."),
	Known: []string{
		"snapshot on ext4 and xfs on 5.10, 6.1, 6.18 and 7.3",
		"on btrfs live on 6.18, snapshot on 5.10, 6.1 and 7.3",
		"on tmpfs live on 6.18 and 7.3, no O_DIRECT on 5.10 and 6.1",
	},
	Needs: []string{string(kit.DirectIO)},
	Quick: []string{"small-clean"},
	Cells: kit.Sweep(),
}

func TestWriteDirect(t *testing.T) {
	spliceThen(t, writeDirect, func(c *kit.Cell, f *kit.File) { f.WriteDirect(0, c.Shape.Span) })
}

var mmapStore = kit.Test{
	Name: "TestMmapStore", ID: "B5", Family: familyMutation, Kind: outcome.Characterisation,
	Doc: "Stores to the spliced range through a shared mapping created before the splice.",
	Steps: []string{
		"Map the file, shared and writable.",
		"Splice the beginning of a file into a pipe.",
		"Store over that range through the mapping.",
		"Read the pipe.",
	},
	Known: []string{
		"live on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Quick: []string{"small-clean"},
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
	Doc: "sendfile(2) to a pipe instead of splice(2), then a buffered write: Linux 5.10 copies, 6.1 aliases.",
	Steps: []string{
		"Move the beginning of a file into a pipe by sendfile(2).",
		"Overwrite that range.",
		"Read the pipe.",
	},
	Known: []string{
		"snapshot on 5.10 and live on 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Quick: []string{"large-clean"},
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
