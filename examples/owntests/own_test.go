// Package owntests is an example of a user suite: copy it into your own module
// and run it with "splicelab run --tests-from ./owntests -k 6.12 -f xfs".
package owntests

import (
	"os"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var suite = kit.Suite{Name: "owntests", Tests: []kit.Test{overwrite}}

func TestMain(m *testing.M) { os.Exit(kit.Main(m, suite)) }

// TestSuiteIsDescribed is not a cell: it compares the catalogue with the code.
func TestSuiteIsDescribed(t *testing.T) { kit.Verify(t, suite) }

var overwrite = kit.Test{
	Name: "TestOverwrite", ID: "OWN1", Family: "own", Kind: outcome.Characterisation,
	Doc:   "The file is overwritten while a pipe holds its first page.",
	Cells: kit.Named("page"),
}

func TestOverwrite(t *testing.T) {
	kit.Run(t, overwrite, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		f.Write(0, 512)
		p.Judge(f)
	})
}
