package store

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/terminal"
)

// BenchmarkLargeRun reads, compares and draws a run of 100,000 cells.
func BenchmarkLargeRun(b *testing.B) {
	const kernels, filesystems, tests = 50, 10, 200
	ctx := b.Context()
	s := fresh(b)
	r := resultstest.Run("r", 0)
	resultstest.Must(b, s.BeginRun(ctx, r))
	// One transaction: the cost of durability per attempt is measured elsewhere.
	tx, err := s.write.BeginTx(ctx, nil)
	resultstest.Must(b, err)
	insert, err := tx.Prepare(`INSERT INTO attempt (run, kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates,
			log, queue, spawn, restore, boot, agent, testing, collect) VALUES ('r',?,?,?,1,?,?,?,?,?,?,?,NULL,0,1,2,0,3,4,5)`)
	resultstest.Must(b, err)
	for i := range kernels * filesystems * tests {
		v, o := outcome.Pass, outcome.Snapshot
		if i%7 == 0 {
			v, o = outcome.Fail, outcome.Live
		}
		_, err := insert.Exec(fmt.Sprintf("6.%d.1-cloud-amd64", i%kernels), fmt.Sprintf("fs%d", i/kernels%filesystems),
			fmt.Sprintf("splice.TestSomething%d/page", i/kernels/filesystems), string(v), string(o),
			string(outcome.Characterisation), "offset 0: generation 2", 187_000_000, resultstest.T0.UnixNano(), `{"folio_order":"4","dirty":"no"}`)
		resultstest.Must(b, err)
	}
	resultstest.Must(b, insert.Close())
	resultstest.Must(b, tx.Commit())

	measure := func(name string, f func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(b)
			}
		})
	}
	cells, err := s.Cells(ctx, "r")
	resultstest.Must(b, err)
	if len(cells) != kernels*filesystems*tests {
		b.Fatalf("%d cells", len(cells))
	}
	out := new(bytes.Buffer)
	measure("Cells", func(b *testing.B) {
		_, err := s.Cells(ctx, "r")
		resultstest.Must(b, err)
	})
	measure("WriteMatrix", func(b *testing.B) {
		out.Reset()
		resultstest.Must(b, terminal.WriteMatrix(out, r, cells, terminal.Options{}))
	})
	measure("Diff", func(b *testing.B) {
		if d := compare.Diff(cells, cells); !d.Empty() || d.Same != len(cells) {
			b.Fatalf("a run differs from itself: %+v", d)
		}
	})
	measure("FinishRun", func(b *testing.B) {
		resultstest.Must(b, s.FinishRun(ctx, "r", resultstest.T0.Add(time.Hour), ""))
	})
	measure("Durations", func(b *testing.B) {
		d, err := s.Durations(ctx, r)
		resultstest.Must(b, err)
		if len(d) != len(cells) {
			b.Fatalf("%d durations", len(d))
		}
	})
	measure("WriteTiming", func(b *testing.B) {
		out.Reset()
		resultstest.Must(b, terminal.WriteTiming(out, r, cells, terminal.Options{}))
	})
	measure("Runs", func(b *testing.B) {
		_, err := s.Runs(ctx)
		resultstest.Must(b, err)
	})
}
