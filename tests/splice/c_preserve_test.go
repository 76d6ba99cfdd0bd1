package splice

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyPreserved = "C operations that preserve the content"

var preserved = slices.Concat(
	[]kit.Test{punchHoleOutside, unmount},
	shifts, shared, written, reclaimed, frozen, moved, resized, migrated,
)

// needsGuest is required by system-wide operations and those on the whole
// filesystem.
var needsGuest = []string{"root", "a throw-away VM"}

// clean is the sweep for operations that start by writing the file back, which
// makes dirty cells redundant.
func clean(variants ...string) []kit.Shape {
	return kit.Varied(variants, kit.Small()[:1], kit.Large()[:1])
}

// dirty is the sweep for operations that are no-ops on a clean file.
func dirty(variants ...string) []kit.Shape {
	return kit.Varied(variants, kit.Small()[1:], kit.Large()[1:2])
}

var punchHoleOutside = kit.Test{
	Name: "TestPunchHoleOutside", ID: "C3", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "A hole of 512 bytes leaves every byte outside its range alone: at the start, in the middle and at the end of a page.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Punch a hole of 512 bytes into the first page: at its start, in its middle or at its end.",
		"Read the pipe.",
	},
	Oracle: "outside the hole every byte is as of the splice; inside it is old or zero; afterwards read(2), a fresh mapping and O_DIRECT all show the expected file",
	Known:  []string{"phantom zeros beside the hole on xfs with a large folio: on 6.1 after readahead, on 6.12, 6.18 and 7.3 always", "snapshot otherwise on 5.10 to 7.3"},
	Needs:  needsPunch,
	Quick:  []string{"middle-large-clean"},
	Cells:  kit.Sweep("first", "middle", "last"),
}

func TestPunchHoleOutside(t *testing.T) {
	kit.Run(t, punchHoleOutside, func(c *kit.Cell) {
		const n = 512
		off := map[string]int64{"first": 0, "middle": int64(kit.PageSize / 2), "last": int64(kit.PageSize - n)}[c.Shape.Variant]
		f := c.File()
		p := f.Splice()
		f.Punch(off, n)
		p.JudgeOutside(f, off, n)
	})
}

var unmount = kit.Test{
	Name: "TestUnmount", ID: "C8", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "umount while a pipe is full of the file's pages: it succeeds, and the pipe is intact.",
	Steps: []string{
		"Fill a pipe with spliced pages of a file, and close the file.",
		"Unmount the filesystem; EBUSY counts as blocked.",
		"Read the pipe while the filesystem is not mounted.",
		"Mount the filesystem again, unless it is tmpfs, and check the file.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem"},
	Needs: []string{"root", "a filesystem that may be unmounted"},
	Cells: kit.Sweep(),
}

func TestUnmount(t *testing.T) {
	kit.Run(t, unmount, func(c *kit.Cell) {
		c.OwnMount()
		f := c.File()
		f.Observe(0)
		p := c.Pipe()
		for p.Expected() < p.Capacity() {
			p.Splice(f, 0, min(c.Shape.Size, p.Capacity()-p.Expected()))
		}
		f.Close()
		c.Unmount()
		found := p.Finding(f)
		if c.Remount() {
			f.Reopen()
			found = found.Worse(f.Views())
			f.Close()
		}
		c.Record(found)
	})
}
