package splice

import (
	"testing"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

var reclaimed = []kit.Test{dropCaches}

var dropCaches = kit.Test{
	Name: "TestDropCaches", ID: "C6", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "drop_caches while the file's pages are in the pipe.",
	Steps: []string{
		"Write a second file and write it back, to see what happens to pages that are in no pipe.",
		"Splice the beginning of a file into a pipe.",
		"Write 3 to drop_caches; the second file must be out of the page cache then, unless it is on tmpfs.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem"},
	Needs: []string{"root"},
	Cells: kit.Sweep(),
	Guest: true, // it drops the caches of the whole machine
}

func TestDropCaches(t *testing.T) {
	kit.Run(t, dropCaches, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		other := f.Twin()
		c.DropCaches()
		left := kit.ResidentPages(other, c.Shape.Size)
		if left > 0 && c.FS.Type != "tmpfs" {
			c.Infra("drop_caches left %d pages of a clean file that nobody uses", left)
		}
		c.Attr("resident_after", f.Resident(0))
		p.Judge(f)
	})
}
