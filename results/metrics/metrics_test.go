package metrics

import (
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// However many kernels, filesystems and tests there are, the number of series is
// bounded, and no cell is lost.
func TestSeriesAreBounded(t *testing.T) {
	var cells []results.Cell
	for k := range 300 {
		for f := range 40 {
			c := results.Cell{}
			c.CellKey, c.Verdict = results.CellKey{Kernel: fmt.Sprintf("6.12.%d", k), FS: fmt.Sprint("fs", f), Test: fmt.Sprint("t", k*f)}, outcome.Pass
			cells = append(cells, c)
		}
	}
	m := Of(results.Run{ID: "r"}, cells)
	total := 0
	newest, oldest := false, false
	for _, c := range m.Cells {
		total += c.N
		newest, oldest = newest || c.Kernel == "6.12.299", oldest || c.Kernel == "6.12.0"
	}
	if total != len(cells) || len(m.Cells) > (maxKernels+1)*(maxFilesystems+1) || !newest || oldest {
		t.Errorf("%d series with %d of %d cells; the newest kernel has one: %t, the oldest: %t", len(m.Cells), total, len(cells), newest, oldest)
	}
}
