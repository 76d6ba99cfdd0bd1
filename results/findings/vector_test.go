package findings_test

import (
	"slices"
	"testing"

	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestVectorsFit(t *testing.T) {
	vectors := findings.Vectors(resultstest.VectorCells())
	if len(vectors) != 8 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, c := range []struct {
		kernel, fs, source, sink string
		fits                     []int
	}{
		{"6.12.117-cloud-amd64", "xfs", "file", "pipe", []int{0}},
		{"6.12.117-cloud-amd64", "xfs", "direct", "pipe", []int{1}},
		{"7.3.4-cloud-amd64", "xfs", "file", "pipe", []int{}}, // mixed
		{"7.3.4-cloud-amd64", "xfs", "file", "udp", []int{4}},
		{"7.3.4-cloud-amd64", "xfs", "hugetlb", "pipe", []int{}}, // nothing was asked
	} {
		i := slices.IndexFunc(vectors, func(v findings.Vector) bool {
			return v.Kernel == c.kernel && v.FS == c.fs && v.Source == c.source && v.Sink == c.sink
		})
		if i < 0 || !slices.Equal(vectors[i].Fits, c.fits) {
			t.Errorf("%+v: vector %d of %+v", c, i, vectors)
		}
	}
}
