package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var holes = kit.Test{
	Name: "TestHoles", ID: "E4", Family: familyEnd, Kind: outcome.Invariant,
	Doc: "Holes are spliced as zeros, and the data around them as it is: at the start, middle and end of a file, a hole of 2 MiB, punched, preallocated but unwritten, and with a cold page cache.",
	Steps: []string{
		"Make a file with a hole of the cell's kind whose edges are not page-aligned.",
		"Splice all edges of the hole, and parts of it, into one pipe.",
	},
	Known: []string{"zeros on 5.10 to 7.3 on tmpfs, ext4, xfs and btrfs"},
	Needs: []string{string(kit.PunchHole), string(kit.PlainFallocate)},
	Cells: kit.Named("start", "middle", "end", "large", "punched", "unwritten", "evicted", "punched-evicted"),
}

func TestHoles(t *testing.T) {
	kit.Run(t, holes, func(c *kit.Cell) {
		data := kit.PageSize + 904 // bytes on either side of a hole: more than a page, and not a multiple of one
		var f *kit.File
		from, to := data, 7*kit.PageSize+1328 // of the hole
		switch c.Shape.Variant {
		case "start":
			f, from = emptyFile(c), 0
			f.Write(int64(to), data)
		case "middle", "evicted":
			f = c.FileOf(data, data, true)
			f.Write(int64(to), data)
		case "end":
			f = c.FileOf(data, data, true)
			f.Truncate(to)
		case "large":
			f, to = c.FileOf(data, data, true), data+2<<20
			f.Write(int64(to), data)
		case "punched", "punched-evicted":
			f = c.FileOf(to+data, to+data, false)
			f.Punch(int64(from), to-from)
		case "unwritten":
			f = c.FileOf(data, data, true)
			f.FallocateTo(to + data)
		}
		if c.Shape.Variant == "evicted" || c.Shape.Variant == "punched-evicted" {
			f.WriteBackAndDrop()
		}
		p := c.Pipe()
		for _, at := range []int{0, from - 1000, from, (from + to) / 2, to - kit.PageSize - 1, to - 1000, to} {
			if n := min(f.History.Size()-at, kit.PageSize+904); at >= 0 && n > 0 {
				p.Splice(f, int64(at), n)
			}
		}
		f.Observe(int64(from))
		p.Judge(f)
	})
}

// emptyFile returns a new file of size 0.
func emptyFile(c *kit.Cell) *kit.File { return c.FileOf(0, 1, true) }
