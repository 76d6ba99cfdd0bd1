// The race detector makes everything several times slower, so measurements
// under it are meaningless.
//go:build !race

package format

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// TestHundredThousandCells keeps writing, reading and storing a large run fast.
// It measures CPU time, which depends less on the machine's load than wall time
// does, and the limits are several times the usual values.
func TestHundredThousandCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: writes 100,000 cells in every format")
	}
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
	measure := func(name string, limit time.Duration, f func() error) {
		from := processorTime(t)
		must(t, f())
		took := processorTime(t) - from
		t.Logf("%s: %v", name, took)
		if took > limit {
			t.Errorf("%s took %v", name, took)
		}
	}
	written := map[string][]byte{}
	for _, one := range Formats {
		b := new(bytes.Buffer)
		measure("writing "+one.Name, 10*time.Second, func() error { return one.Write(b, d) })
		t.Logf("%s: %d MB", one.Name, b.Len()/1_000_000)
		written[one.Name] = b.Bytes()
	}
	for _, name := range ReadFormats {
		var s Source
		measure("reading "+name, 15*time.Second, func() (err error) {
			s, err = ReadSource(bytes.NewReader(written[name]), ReadOptions{File: name})
			return err
		})
		if len(s.Attempts) != len(d.Cells) {
			t.Errorf("%s: %d attempts", name, len(s.Attempts))
		}
		run, attempts, err := Merge([]Source{s}, t0)
		must(t, err)
		store, err := store.Open(t.TempDir() + "/results.db")
		must(t, err)
		measure("storing "+name, 25*time.Second, func() error {
			_, err := store.Import(t.Context(), run, attempts)
			return err
		})
		must(t, store.Close())
	}
}

// processorTime is the CPU time that this process has used so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	must(t, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
