package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestWriteVectors(t *testing.T) {
	resultstest.Golden(t, "vectors.txt", func(b *bytes.Buffer) error { return WriteVectors(b, resultstest.VectorCells(), Options{}) })
	var b bytes.Buffer
	resultstest.Must(t, WriteVectors(&b, resultstest.VectorCells()[7:], Options{}))
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("a guest's escape reaches the terminal: %q", b.String())
	}
	b.Reset()
	resultstest.Must(t, WriteVectors(&b, nil, Options{}))
	if b.Len() != 0 {
		t.Errorf("no vectors: %q", b.String())
	}
	resultstest.Must(t, findings.WriteJSON(&b, resultstest.VectorCells()))
	var back []findings.Vector
	resultstest.Must(t, json.Unmarshal(b.Bytes(), &back))
	if len(back) != 8 {
		t.Errorf("%d vectors in JSON", len(back))
	}
}
