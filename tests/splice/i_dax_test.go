package splice

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var dax = kit.Test{
	Name: "TestDAX", ID: "I9", Family: familyLayered, Kind: outcome.Characterisation,
	Doc: "A DAX file, which has no page cache, is spliced and then overwritten, or changed by a store through a mapping made before.",
	Steps: []string{
		"On a filesystem mounted with dax, make and map a file.",
		"Splice its first four pages into a pipe.",
		"Overwrite them by write(2) or by stores through the mapping, or punch a hole over them.",
		"Read the pipe.",
	},
	Needs: []string{"dax"},
	Known: []string{
		"snapshot on ext4-dax and xfs-dax, 5.10 to 7.3",
	},
	Cells: kit.Named("write", "store", "punch"),
}

func TestDAX(t *testing.T) {
	kit.Run(t, dax, func(c *kit.Cell) {
		f := source.DAX.Open(c)
		m := f.Map(c.Shape.Span)
		p := f.Splice()
		switch c.Shape.Variant {
		case "write":
			f.Write(0, c.Shape.Span)
		case "store":
			m.Store(0, c.Shape.Span)
		case "punch":
			f.Punch(0, c.Shape.Span)
		}
		p.Judge(f)
	})
}
