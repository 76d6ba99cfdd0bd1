package results

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// vectorCells are cells of the policy test: an aliasing file, a copying
// source, one kernel where one filesystem differs, one cell that was skipped.
func vectorCells() []Cell {
	var cells []Cell
	add := func(kernel, fs, source, sink string, probes ...string) {
		a := attempt(CellKey{kernel, fs, "splice.TestPolicy/" + source + "-" + sink}, 1, outcome.Fail, outcome.Live)
		a.Covariates = map[string]string{"source": source, "sink": sink}
		for i, p := range probes {
			if p != "" {
				a.Covariates[probeKey(i)] = p
			}
		}
		cells = append(cells, FromAttempts([]Attempt{a}))
	}
	alias := []string{"live", "live", "zeroed", "yes", "same", "ok", "–", "snapshot"}
	for _, fs := range []string{"ext4", "xfs"} {
		add("6.12.117-cloud-amd64", fs, "file", "pipe", alias...)
		add("6.12.117-cloud-amd64", fs, "direct", "pipe", "snapshot", "snapshot", "snapshot", "yes", "same", "ok", "–", "snapshot")
	}
	add("7.3.4-cloud-amd64", "ext4", "file", "pipe", alias...)
	add("7.3.4-cloud-amd64", "xfs", "file", "pipe", "live", "live", "snapshot", "yes", "same", "ok", "–", "snapshot")
	add("7.3.4-cloud-amd64", "xfs", "file", "udp", "blocked", "", "blocked", "yes", "same")
	skipped := attempt(CellKey{"7.3.4-cloud-amd64", "xfs", "splice.TestPolicy/hugetlb-pipe"}, 1, outcome.Skip, outcome.None)
	skipped.Detail = "no huge pages \x1b[2J here"
	return append(cells, FromAttempts([]Attempt{skipped}), FromAttempts([]Attempt{
		attempt(CellKey{"7.3.4-cloud-amd64", "xfs", "splice.TestWrite/small"}, 1, outcome.Pass, outcome.Live)}))
}

func TestVectorsFit(t *testing.T) {
	vectors := Vectors(vectorCells())
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
		i := slices.IndexFunc(vectors, func(v Vector) bool {
			return v.Kernel == c.kernel && v.FS == c.fs && v.Source == c.source && v.Sink == c.sink
		})
		if i < 0 || !slices.Equal(vectors[i].Fits, c.fits) {
			t.Errorf("%+v: vector %d of %+v", c, i, vectors)
		}
	}
}

func TestWriteVectors(t *testing.T) {
	golden(t, "vectors.txt", func(b *bytes.Buffer) error { return WriteVectors(b, vectorCells(), MatrixOptions{}) })
	var b bytes.Buffer
	must(t, WriteVectors(&b, vectorCells()[7:], MatrixOptions{}))
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("an escape of the guest's reaches the terminal: %q", b.String())
	}
	b.Reset()
	must(t, WriteVectors(&b, nil, MatrixOptions{}))
	if b.Len() != 0 {
		t.Errorf("no vectors: %q", b.String())
	}
	must(t, WriteVectorsJSON(&b, vectorCells()))
	var back []Vector
	must(t, json.Unmarshal(b.Bytes(), &back))
	if len(back) != 8 {
		t.Errorf("%d vectors in JSON", len(back))
	}
}
