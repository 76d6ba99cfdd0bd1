package terminal

import (
	"bytes"
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

// Columns of a flavour stand together, their headings name it, and what is said
// about a kernel is about its flavour.
func TestFlavours(t *testing.T) {
	cells := resultstest.FlavourCells()
	r := resultstest.Run("20261123-191420-5123f9a", 0)
	r.Planned, r.Finished = len(cells), r.Started
	resultstest.Golden(t, "flavours-matrix.txt", func(b *bytes.Buffer) error { return WriteMatrix(b, r, cells, Options{Width: 140}) })
	var m history.MapCells
	m.Add("r", cells, func(*results.Cell) bool { return true })
	resultstest.Golden(t, "flavours-map.txt", func(b *bytes.Buffer) error { return WriteKernelMap(b, m.Map(), "", Options{Width: 100}) })
}
