package results

import (
	"bytes"
	"testing"

	"splicelab/outcome"
)

func TestMatrixGolden(t *testing.T) {
	r, cells := sample()
	for name, o := range map[string]MatrixOptions{
		"matrix-80.txt":      {},
		"matrix-120.txt":     {Width: 120},
		"matrix-40.txt":      {Width: 40},
		"matrix-alias.txt":   {Policy: outcome.PolicyAlias, Full: true, Width: 100},
		"matrix-crashes.txt": {Only: []outcome.Verdict{outcome.Crash, outcome.Hang}},
		"matrix-color.txt":   {Color: true, Only: []outcome.Verdict{outcome.Crash}},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, func(b *bytes.Buffer) error { return WriteMatrix(b, r, cells, o) })
		})
	}
}

func TestDocumentsGolden(t *testing.T) {
	r, cells := sample()
	few := append(cells[:22:22], cells[len(cells)-20:]...)
	golden(t, "run.json", func(b *bytes.Buffer) error { return WriteJSON(b, r, few) })
	golden(t, "run.junit.xml", func(b *bytes.Buffer) error { return WriteJUnit(b, r, few) })
	golden(t, "run.ktap", func(b *bytes.Buffer) error { return WriteKTAP(b, r, few) })
}

func TestListingGolden(t *testing.T) {
	r, cells := sample()
	golden(t, "listing.txt", func(b *bytes.Buffer) error { return WriteListing(b, r, cells, MatrixOptions{}) })
}
