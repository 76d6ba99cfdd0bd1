package splice

import (
	"strconv"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var reclaimed = []kit.Test{dropCaches, reclaim, swapOut}

var dropCaches = kit.Test{
	Name: "TestDropCaches", ID: "C6", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "drop_caches while the file's pages are in the pipe.",
	Steps: []string{
		"Write a second file and write it back, as a reference: its pages are in no pipe.",
		"Splice the beginning of a file into a pipe.",
		"Write 3 to drop_caches; the second file must then be out of the page cache, unless it is on tmpfs.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem"},
	Needs: []string{"root"},
	Cells: kit.Sweep(),
	Guest: true, // drop_caches is system-wide
}

// settle is the interval between attempts to drop unused pages: after fsync(2),
// btrfs may still be completing their write.
const settle = time.Millisecond

func TestDropCaches(t *testing.T) {
	spliceThen(t, dropCaches, func(c *kit.Cell, f *kit.File) {
		other := f.Twin()
		var left int
		dropped := kit.Poll(settle, func() bool {
			c.DropCaches()
			left = kit.ResidentPages(other, c.Shape.Size)
			return left <= 0 || c.FS.Type == "tmpfs"
		})
		if !dropped {
			c.Infra("drop_caches left %d pages of a clean, unused file", left)
		}
		c.Attr("resident_after", f.Resident(0))
	})
}

var reclaim = kit.Test{
	Name: "TestReclaim", ID: "C6", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "Memory is reclaimed from a control group, or by MADV_PAGEOUT, while the file's pages are in the pipe.",
	Steps: []string{
		"In a control group of its own, write a file and a second one of the same content, which is written back.",
		"Splice the beginning of the first into a pipe, and leave the group.",
		"Reclaim its memory: by memory.reclaim, by a memory.high of 0, or by MADV_PAGEOUT of both files. Pages of the second file must then be out of the page cache.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 on ext4, xfs and btrfs; the pages in the pipe stay in the page cache"},
	Needs: append([]string{"cgroup2 with the memory controller"}, needsGuest...),
	Cells: kit.Varied([]string{"reclaim", "high", "pageout"}, kit.Small()[:1], kit.Large()),
	Guest: true, // it moves the process between control groups
}

func TestReclaim(t *testing.T) {
	kit.Run(t, reclaim, func(c *kit.Cell) {
		if c.FS.Type == "tmpfs" {
			c.Skip("tmpfs without swap cannot evict its pages")
		}
		leave, take := func() {}, func() {}
		if c.Shape.Variant != "pageout" {
			group := c.Memcg()
			leave, take = group.Leave, group.Reclaim
			if c.Shape.Variant == "high" {
				take = group.Squeeze
			}
		}
		f := c.File()
		other := f.Twin()
		p := f.Splice()
		leave()
		before := kit.ResidentPages(other, c.Shape.Size)
		if c.Shape.Variant == "pageout" {
			take = func() {
				c.PageOut(other, c.Shape.Size)
				c.PageOut(f.FD, c.Shape.Size)
			}
		}
		var after int
		reclaimed := kit.Poll(settle, func() bool {
			take()
			after = kit.ResidentPages(other, c.Shape.Size)
			return after < before
		})
		c.Attr("reclaimed", strconv.Itoa(before-after))
		c.Attr("resident_after", f.Resident(0))
		if !reclaimed {
			c.Infra("nothing was reclaimed: %d of %d clean pages that are in no pipe are left", after, before)
		}
		p.Judge(f)
	})
}

var swapOut = kit.Test{
	Name: "TestSwapOut", ID: "C10", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "The file's tmpfs pages are swapped out, as far as the kernel can, while they are in the pipe.",
	Steps: []string{
		"Enable swap on a zram disk.",
		"Write a file and a second one of the same content on tmpfs, and splice the beginning of the first into a pipe.",
		"Page both out by MADV_PAGEOUT; all pages of the second must have left memory.",
		"Read the pipe and check the file, which swaps it in.",
	},
	Known:   []string{"snapshot on every kernel from 5.10 to 7.3; the pages in the pipe stay in memory"},
	Needs:   append([]string{"tmpfs", "zram"}, needsGuest...),
	Modules: []string{"zram", "lzo-rle"},
	Cells:   clean(),
	Guest:   true,
}

func TestSwapOut(t *testing.T) {
	kit.Run(t, swapOut, func(c *kit.Cell) {
		if c.FS.Type != "tmpfs" {
			c.Skip("%s is not swapped: only tmpfs is", c.FS.Type)
		}
		c.Swap()
		f := c.File()
		other := f.Twin()
		p := f.Splice()
		pages := c.Shape.Size / kit.PageSize
		if left := c.PageOut(other, c.Shape.Size); left != 0 {
			c.Infra("%d of %d pages that are in no pipe are not swapped out", left, pages)
		}
		c.Attr("swapped", strconv.Itoa(pages-c.PageOut(f.FD, c.Shape.Size)))
		c.Attr("resident_after", f.Resident(0))
		p.Judge(f)
	})
}
