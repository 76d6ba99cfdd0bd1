package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

const familyPreserved = "C operations that preserve the content"

var preserved = []kit.Test{punchHoleOutside, writeback, dropCaches, unmount}

var punchHoleOutside = kit.Test{
	Name: "TestPunchHoleOutside", ID: "C3", Family: familyPreserved, Kind: outcome.Invariant,
	Doc:   "A hole of 512 bytes leaves every byte outside its range alone, at a page's beginning, middle and end.",
	Needs: needsPunch,
	Cells: kit.Sweep("first", "middle", "last"),
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

var writeback = kit.Test{
	Name: "TestWriteback", ID: "C5", Family: familyPreserved, Kind: outcome.Invariant,
	Doc:   "fsync of the file while its pages are in the pipe.",
	Cells: kit.Sweep(),
}

func TestWriteback(t *testing.T) {
	kit.Run(t, writeback, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Sync()
		p.Judge(f)
	})
}

var dropCaches = kit.Test{
	Name: "TestDropCaches", ID: "C6", Family: familyPreserved, Kind: outcome.Invariant,
	Doc:   "drop_caches while the file's pages are in the pipe.",
	Needs: []string{"root"},
	Cells: kit.Sweep(),
	Guest: true, // it drops the caches of the whole machine
}

func TestDropCaches(t *testing.T) {
	kit.Run(t, dropCaches, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		c.DropCaches()
		p.Judge(f)
	})
}

var unmount = kit.Test{
	Name: "TestUnmount", ID: "C8", Family: familyPreserved, Kind: outcome.Invariant,
	Doc:   "umount with a full pipe: it succeeds, and the pipe is intact.",
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
