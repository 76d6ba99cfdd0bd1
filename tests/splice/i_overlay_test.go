package splice

import (
	"bytes"
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var overlayCopyUp = kit.Test{
	Name: "TestOverlayCopyUp", ID: "I6", Family: familyLayered, Kind: outcome.Characterisation,
	Doc: "A file is spliced from an overlayfs and then overwritten through it: a file of the lower layer, which is copied up when it is opened for writing, or one of the upper layer.",
	Steps: []string{
		"Mount an overlayfs whose layers are on the filesystem under test.",
		"Open a file of its lower or upper layer through the overlay and splice it into a pipe.",
		"Open it for writing, which copies up a lower file, and overwrite the spliced range.",
		"Read the pipe.",
	},
	Oracle:  kit.JudgeOracle + "; the file in the lower layer is unchanged",
	Modules: source.Overlay.Modules, Guest: true,
	Known: []string{
		"lower: snapshot everywhere",
		"upper: live everywhere",
	},
	Cells: slices.Concat(kit.Varied([]string{"lower"}, kit.Small()), kit.Varied([]string{"lower", "upper"}, kit.Large())),
}

func TestOverlayCopyUp(t *testing.T) {
	kit.Run(t, overlayCopyUp, func(c *kit.Cell) {
		if c.Shape.Variant == "upper" {
			f := source.Overlay.Open(c)
			p := f.Splice()
			f.Write(0, c.Shape.Span)
			p.Judge(f)
			return
		}
		f, lower := source.OverlayLower(c)
		was := bytes.Clone(lower.History.Content())
		p := f.Splice()
		before := kit.File{FD: f.FD}
		c.T.Cleanup(before.Close)
		f.Reopen() // for writing: this triggers the copy-up
		f.Write(0, c.Shape.Span)
		found := p.Finding(f).Worse(f.Views())
		if !bytes.Equal(source.ReadBack(c, lower, 0, len(was)), was) {
			found = found.Worse(kit.Finding{Outcome: outcome.ConsumerWrite, Detail: "the file in the lower layer was changed"})
		}
		c.Record(found)
	})
}
