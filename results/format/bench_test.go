package format

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// BenchmarkLargeRun writes a run of 100,000 cells in every format, reads what
// can be read, and stores it.
func BenchmarkLargeRun(b *testing.B) {
	d := Document{Run: results.Run{ID: "r", Started: t0, Finished: t0.Add(time.Hour), Policy: outcome.PolicySnapshot, Planned: 100_000}}
	for i := range 100_000 {
		v, o := outcome.Pass, outcome.Snapshot
		if i%7 == 0 {
			v, o = outcome.Fail, outcome.Live
		}
		a := results.Attempt{CellKey: results.CellKey{Kernel: fmt.Sprintf("6.%d.1-cloud-amd64", i/2000), FS: fmt.Sprintf("fs%d", i/200%10),
			Test: fmt.Sprintf("splice.TestSomething%d/page", i%200)}, N: 1, Verdict: v, Outcome: o, Kind: outcome.Characterisation,
			Detail: "offset 0: generation 2", Duration: 187 * time.Millisecond, Finished: t0, Covariates: map[string]string{"folio_order": "4", "dirty": "no"}}
		d.Cells = append(d.Cells, results.FromAttempts([]results.Attempt{a}))
	}
	measure := func(name string, f func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(b)
			}
		})
	}
	for _, one := range Formats {
		out := new(bytes.Buffer)
		measure("write-"+one.Name, func(b *testing.B) {
			out.Reset()
			must(b, one.Write(out, d))
			b.ReportMetric(float64(out.Len())/1e6, "MB")
		})
		if !slices.Contains(ReadFormats, one.Name) || out.Len() == 0 {
			continue // not to be read, or left out by -bench
		}
		var read Source
		measure("read-"+one.Name, func(b *testing.B) {
			var err error
			read, err = ReadSource(bytes.NewReader(out.Bytes()), ReadOptions{File: one.Name})
			must(b, err)
			if len(read.Attempts) != len(d.Cells) {
				b.Fatalf("%d attempts", len(read.Attempts))
			}
		})
		measure("store-"+one.Name, func(b *testing.B) {
			run, attempts, err := Merge([]Source{read}, t0)
			must(b, err)
			store, err := store.Open(b.TempDir() + "/results.db")
			must(b, err)
			_, err = store.Import(b.Context(), run, attempts)
			must(b, err)
			must(b, store.Close())
		})
	}
}
