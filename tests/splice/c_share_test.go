package splice

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/fsctl"
)

var shared = []kit.Test{dedupe, unshare}

var dedupe = kit.Test{
	Name: "TestDedupe", ID: "C1", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "FIDEDUPERANGE of the spliced range with identical data of another file, as source and as target, partial and whole.",
	Steps: []string{
		"Write a second file of the same content, and write both back.",
		"Splice the beginning of the first into a pipe.",
		"Deduplicate that range, or in the whole cells the whole file, by FIDEDUPERANGE, with the spliced file as source or target; the kernel must report that it shared all of it.",
		"Read the pipe.",
	},
	Known: []string{"phantom zeros on xfs when part of a large folio is the target: on 6.1 after readahead, on 6.12, 6.18 and 7.3 always", "snapshot otherwise on 5.10 to 7.3"},
	Needs: []string{string(kit.Dedupe)},
	Cells: slices.Concat(kit.Sweep("target"), kit.Varied([]string{"whole-target", "source"}, kit.Large())),
}

func TestDedupe(t *testing.T) {
	kit.Run(t, dedupe, func(c *kit.Cell) {
		f := c.File()
		twin := f.Twin()
		p := f.Splice()
		src, dst, n := twin, f.FD, c.Shape.Span
		switch c.Shape.Variant {
		case "source":
			src, dst = dst, src
		case "whole-target":
			n = c.Shape.Size
		}
		var deduped uint64
		var differ bool
		f.Operate(kit.Dedupe, "FIDEDUPERANGE", func() (err error) {
			deduped, differ, err = fsctl.Dedupe(src, dst, 0, uint64(n))
			return err
		})
		c.Attr("deduped", strconv.FormatUint(deduped, 10))
		if differ || deduped != uint64(n) {
			c.Conclude(kit.Finding{Outcome: outcome.Error,
				Detail: fmt.Sprintf("FIDEDUPERANGE shared %d of %d bytes of two identical files; reported as different: %t", deduped, n, differ)})
		}
		p.Judge(f)
	})
}

var unshare = kit.Test{
	Name: "TestUnshare", ID: "C9", Family: familyPreserved, Kind: outcome.Invariant,
	Doc: "FALLOC_FL_UNSHARE_RANGE gives a clone blocks of its own.",
	Steps: []string{
		"Clone a whole file by FICLONE, and check by FIEMAP that its blocks are shared.",
		"Splice its beginning into a pipe.",
		"Unshare the whole file and check again: its blocks must no longer be shared.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on xfs on every kernel from 5.10 to 7.3"},
	Needs: []string{string(kit.Reflink), string(kit.Unshare)},
	Cells: clean(),
}

func TestUnshare(t *testing.T) {
	kit.Run(t, unshare, func(c *kit.Cell) {
		f := c.File()
		f.Operate(kit.Reflink, "FICLONE", func() error { return unix.IoctlFileClone(c.Bystander(0), f.FD) })
		if !sharedBlocks(c, f) {
			c.Infra("the blocks of a cloned file are not shared")
		}
		p := f.Splice()
		f.Operate(kit.Unshare, "fallocate(FALLOC_FL_UNSHARE_RANGE)", func() error {
			return unix.Fallocate(f.FD, unix.FALLOC_FL_UNSHARE_RANGE, 0, int64(c.Shape.Size))
		})
		if sharedBlocks(c, f) {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "the blocks are still shared after FALLOC_FL_UNSHARE_RANGE"})
		}
		c.Attr("unshared", "yes")
		p.Judge(f)
	})
}

func sharedBlocks(c *kit.Cell, f *kit.File) bool {
	c.T.Helper()
	extents, err := fsctl.Extents(f.FD, 0, uint64(c.Shape.Size))
	if err != nil {
		c.Infra("FIEMAP: %s", kit.ErrnoName(err))
	}
	return slices.ContainsFunc(extents, func(e fsctl.Extent) bool { return e.Shared })
}
