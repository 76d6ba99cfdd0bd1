// The race detector makes everything several times slower, so measurements
// under it are meaningless.
//go:build !race

package store

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/terminal"
)

// TestHundredThousandCells keeps reading and drawing a large run fast. It
// measures CPU time, which depends less on the machine's load than wall time
// does, and the limits are several times the usual values.
func TestHundredThousandCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: stores 100,000 attempts")
	}
	const kernels, filesystems, tests = 50, 10, 200
	ctx := t.Context()
	s := fresh(t)
	r := resultstest.Run("r", 0)
	resultstest.Must(t, s.BeginRun(ctx, r))
	// One transaction: the cost of durability per attempt is measured elsewhere.
	tx, err := s.write.BeginTx(ctx, nil)
	resultstest.Must(t, err)
	insert, err := tx.Prepare(`INSERT INTO attempt (run, kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates,
			log, queue, spawn, restore, boot, agent, testing, collect) VALUES ('r',?,?,?,1,?,?,?,?,?,?,?,NULL,0,1,2,0,3,4,5)`)
	resultstest.Must(t, err)
	for i := range kernels * filesystems * tests {
		v, o := outcome.Pass, outcome.Snapshot
		if i%7 == 0 {
			v, o = outcome.Fail, outcome.Live
		}
		_, err := insert.Exec(fmt.Sprintf("6.%d.1-cloud-amd64", i%kernels), fmt.Sprintf("fs%d", i/kernels%filesystems),
			fmt.Sprintf("splice.TestSomething%d/page", i/kernels/filesystems), string(v), string(o),
			string(outcome.Characterisation), "offset 0: generation 2", 187_000_000, resultstest.T0.UnixNano(), `{"folio_order":"4","dirty":"no"}`)
		resultstest.Must(t, err)
	}
	resultstest.Must(t, insert.Close())
	resultstest.Must(t, tx.Commit())

	measure := func(name string, limit time.Duration, f func() error) {
		from := processorTime(t)
		resultstest.Must(t, f())
		took := processorTime(t) - from
		t.Logf("%s: %v", name, took)
		if took > limit {
			t.Errorf("%s took %v", name, took)
		}
	}
	var cells []results.Cell
	b := new(bytes.Buffer)
	measure("Cells", 4*time.Second, func() (err error) { cells, err = s.Cells(ctx, "r"); return err })
	if len(cells) != kernels*filesystems*tests {
		t.Fatalf("%d cells", len(cells))
	}
	measure("WriteMatrix", 4*time.Second, func() error { return terminal.WriteMatrix(b, r, cells, terminal.Options{}) })
	if n := strings.Count(b.String(), "Something199/page"); n < 2 {
		t.Errorf("the last row is in %d blocks", n)
	}
	measure("Diff", 4*time.Second, func() error {
		if d := compare.Diff(cells, cells); !d.Empty() || d.Same != len(cells) {
			return fmt.Errorf("a run differs from itself: %+v", d)
		}
		return nil
	})
	measure("FinishRun", 6*time.Second, func() error { return s.FinishRun(ctx, "r", resultstest.T0.Add(time.Hour), "") })
	measure("Durations", 4*time.Second, func() error {
		d, err := s.Durations(ctx, r)
		if len(d) != len(cells) {
			return fmt.Errorf("%d durations: %w", len(d), err)
		}
		return err
	})
	measure("WriteTiming", 4*time.Second, func() error { b.Reset(); return terminal.WriteTiming(b, r, cells, terminal.Options{}) })
	measure("Runs", time.Second, func() error { _, err := s.Runs(ctx); return err })
}

// processorTime is the CPU time that this process has used so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	resultstest.Must(t, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
