package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/palette"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestWriteVectors(t *testing.T) {
	for name, o := range map[string]Options{"vectors-60.txt": {Width: 60}, "vectors-120.txt": {Width: 120}, "vectors-color.txt": {Width: 120, Color: true}} {
		resultstest.Golden(t, name, func(b *bytes.Buffer) error { return WriteVectors(b, resultstest.VectorCells(), o) })
	}
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
}

// TestAnswerColours: every answer has a colour, and one that nobody knows is red.
func TestAnswerColours(t *testing.T) {
	for _, o := range outcome.All {
		want, _ := palette.Outcome(o)
		for _, s := range []string{string(o), string(o) + " (1 fault)"} {
			if got := answerColour(s); got != want.SGR || got == "" {
				t.Errorf("%s has %q, want %q", s, got, want.SGR)
			}
		}
	}
	unknown, _ := palette.Outcome("nonsense")
	refused, _ := palette.Outcome(outcome.Error)
	quiet := palette.Class(outcome.Skips)
	for s, want := range map[string]palette.Colour{
		"nonsense": unknown, "Elephant": unknown, "seal nonsense": unknown, "\x1b[2J": unknown,
		"EINVAL": refused, "seal EBUSY": refused, "EL2NSYNC": refused,
		"yes": quiet, "no": quiet, "same": quiet, "changed": quiet, "ok": quiet, "seal ok": quiet, "-": quiet, "–": quiet,
	} {
		if got := answerColour(s); got != want.SGR {
			t.Errorf("%q has %q, want %q", s, got, want.SGR)
		}
	}
	if !strings.Contains(unknown.SGR, "31") {
		t.Errorf("unknown is %q, which is not red", unknown.SGR)
	}
}
