package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestMatrixShowsWhatIsExpected(t *testing.T) {
	resultstest.Golden(t, "matrix-expected.txt", func(b *bytes.Buffer) error {
		return WriteMatrix(b, resultstest.Run("r", 0), resultstest.Expected(), Options{})
	})
	b := new(bytes.Buffer)
	resultstest.Must(t, WriteMatrix(b, results.Run{ID: "r"}, resultstest.Expected(), Options{Color: true}))
	for _, painted := range []string{"\x1b[34me\x1b[0m\x1b[33mL\x1b[0m", "\x1b[1;7;32m+\x1b[0m\x1b[32mS\x1b[0m", "\x1b[34me\x1b[0m\x1b[1;97;41m!\x1b[0m", "\x1b[33mx\x1b[0m\x1b[33mL\x1b[0m"} {
		if !strings.Contains(b.String(), painted) {
			t.Errorf("%q is not in %q", painted, b)
		}
	}
}
