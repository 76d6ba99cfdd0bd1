// Package example is a user suite that uses the kit. docs/tests.md describes
// how to run it.
package example

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

// suite is the catalogue of the tests that use the kit. The lab reads it to know
// all cells before starting a VM.
var suite = kit.Suite{Name: "example", Tests: []kit.Test{overwrite, reread}}

func TestMain(m *testing.M) { os.Exit(kit.Main(m, suite)) }

// TestSuiteIsDescribed is not a cell: it compares the catalogue with the code.
func TestSuiteIsDescribed(t *testing.T) { kit.Verify(t, suite) }

var overwrite = kit.Test{
	Name: "TestOverwrite", ID: "X1", Family: "X example", Kind: outcome.Characterisation,
	Doc:   "The first bytes of a file are overwritten after they were spliced.",
	Steps: []string{"Splice the beginning of a file into a pipe.", "Overwrite that range.", "Read the pipe, and the file in three ways."},
	Cells: kit.Named("page", "folio"),
}

func TestOverwrite(t *testing.T) {
	kit.Run(t, overwrite, func(c *kit.Cell) {
		f := c.File()   // a scratch file on the filesystem under test
		p := f.Splice() // its first bytes, in a new pipe
		f.Write(0, 512) // changes the file and the model
		p.Judge(f)      // classifies what the reader received, and records it
	})
}

var reread = kit.Test{
	Name: "TestReread", ID: "X2", Family: "X example", Kind: outcome.Invariant,
	Doc:    "A file made from testdata has the content of testdata.",
	Oracle: "os.ReadFile returns the bytes that os.WriteFile was given",
}

func TestReread(t *testing.T) {
	kit.Run(t, reread, func(c *kit.Cell) {
		want, err := os.ReadFile("testdata/text") // as under go test
		if err != nil {
			c.Infra("testdata: %v", err)
		}
		name := filepath.Join(c.Dir(), "example")
		c.T.Cleanup(func() { _ = os.Remove(name) })
		if err := os.WriteFile(name, want, 0o600); err != nil {
			c.Infra("scratch file: %v", err)
		}
		got, err := os.ReadFile(name)
		if err != nil {
			c.Failed("read", err)
		}
		if got = c.Sample(got); string(got) != string(want) {
			c.Conclude(kit.Finding{Outcome: outcome.Foreign, Detail: "the file reads differently"})
		}
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "the file has the content that was written"})
	})
}
