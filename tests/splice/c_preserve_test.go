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

// needsGuest is what the operations on the whole machine or the whole
// filesystem need.
var needsGuest = []string{"root", "a throw-away VM"}

// clean is the sweep for operations that write the file back before all else:
// the dirty cells would be the same.
func clean(variants ...string) []kit.Shape {
	return kit.Varied(variants, kit.Small()[:1], kit.Large()[:1])
}

// dirty is the sweep for operations that a clean file is nothing to.
func dirty(variants ...string) []kit.Shape {
	return kit.Varied(variants, kit.Small()[1:], kit.Large()[1:2])
}

var punchHoleOutside = kit.Test{
	Name: "TestPunchHoleOutside", ID: "C3", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "A hole of 512 bytes leaves every byte outside its range alone, at a page's beginning, middle and end.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Punch a hole of 512 bytes into the first page: at its beginning, in its middle or at its end.",
		"Read the pipe.",
	},
	Oracle: "outside the hole every byte is as it was at the splice; inside it is old or zero; afterwards read(2), a fresh mapping and O_DIRECT all show the file as it should be",
	Known:  []string{"phantom zeros beside the hole on xfs with a large folio: on 6.1 after readahead, on 6.12, 6.18 and 7.3 always", "snapshot otherwise on 5.10 to 7.3"},
	Needs:  needsPunch,
	Quick:  []string{"middle-large-clean"},
	Cells:  kit.Sweep("first", "middle", "last"),
}

func TestPunchHoleOutside(t *testing.T) {
	kit.Run(t, punchHoleOutside, func(c *kit.Cell) {
		const n = 512
		off := map[string]int64{"first": 0, "middle": 2048, "last": kit.PageSize - n}[c.Shape.Variant]
		f := c.File()
		p := f.Splice()
		f.Punch(off, n)
		p.JudgeOutside(f, off, n)
	})
}

var unmount = kit.Test{
	Name: "TestUnmount", ID: "C8", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "umount with a full pipe: it succeeds, and the pipe is intact.",
	Steps: []string{
		"Fill a pipe with spliced pages of a file, and close the file.",
		"Unmount the filesystem; EBUSY counts as blocked.",
		"Read the pipe while nothing is mounted.",
		"Mount the filesystem again, unless it is tmpfs, and look at the file.",
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
