package page

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"testing"

	"github.com/splicelab/splicelab/results"
)

// BenchmarkLargeReport writes reports of 100,000 cells, with as many lookups as a
// report makes.
func BenchmarkLargeReport(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.name, func(b *testing.B) {
			r, cells := large(s.kernels, s.filesystems, s.tests)
			byKey := make(map[results.CellKey]*results.Cell, len(cells))
			for i := range cells {
				byKey[cells[i].CellKey] = &cells[i]
			}
			// Texts that compress badly, more than fit into the report.
			random, noise := rand.NewChaCha8([32]byte{}), make([]byte, 4096)
			l := fakeSource{
				attempts: func(k results.CellKey) ([]results.Attempt, error) {
					a := byKey[k].Attempt
					_, _ = random.Read(noise) // never fails
					a.Output, a.Console = sampleOutput+base64.StdEncoding.EncodeToString(noise), sampleConsole
					return []results.Attempt{a}, nil
				},
				crashLines: func(string) []int { return []int{1} },
				family:     sampleFamily,
				report:     func(_ results.Run, c results.Cell) (string, error) { return "kernel: " + c.Kernel, nil },
			}
			for b.Loop() {
				var out bytes.Buffer
				must(b, WriteReport(b.Context(), &out, r, nil, cells, l))
				if out.Len() > 30e6 {
					b.Fatalf("the report has %d bytes", out.Len())
				}
				b.ReportMetric(float64(out.Len())/1e6, "MB")
			}
		})
	}
}
