package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var imageDropCaches = kit.Test{
	Name: "TestImageDropCaches", ID: "I8", Family: familyLayered, Kind: outcome.Invariant,
	Doc: "drop_caches while pages of a file on erofs or squashfs, compressed or not, are in a pipe, and another splice of the file afterwards.",
	Steps: []string{
		"Mount an image, made by the real mkfs, through a loop device over memory.",
		"Splice its file's first four pages, at most the first half, into a pipe.",
		"Drop the caches of the whole machine.",
		"Splice what follows, which have to be read and decompressed again.",
		"Read the pipe.",
	},
	Needs: []string{"root"}, Modules: source.Modules(source.Images), Guest: true,
	Known: []string{
		"snapshot everywhere",
	},
	Cells: atMost(source.ImageLen/2, kit.Named(source.Names(source.Images)...)),
}

func TestImageDropCaches(t *testing.T) {
	kit.Run(t, imageDropCaches, func(c *kit.Cell) {
		for _, s := range source.Images {
			if s.Name != c.Shape.Variant {
				continue
			}
			f := s.Open(c)
			p := f.Splice()
			c.DropCaches()
			p.Splice(f, int64(c.Shape.Span), c.Shape.Span)
			p.Judge(f)
		}
	})
}
