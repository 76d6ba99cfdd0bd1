package bench

import (
	"fmt"
	"runtime"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
)

// plannedCells is the number of cells of the plan whose creation is measured.
const plannedCells = 100_000

// planning creates a plan of cells cells, 25 kernels by 4 filesystems, and orders
// it by known durations of all of them. It returns the seconds that took, and the
// MiB that were allocated, an upper bound of what was in use.
func planning(cells int) (seconds, mib float64, err error) {
	const nk, nf, subs = 25, 4, 10
	var ks []plan.Kernel
	for i := range nk {
		release := fmt.Sprintf("6.%d.0", i)
		ks = append(ks, plan.Kernel{Release: release, Digest: release})
	}
	var ps []images.Profile
	for i := range nf {
		ps = append(ps, images.Profile{Name: fmt.Sprint("fs", i)})
	}
	whole := protocol.Suite{Name: "bench"}
	for i := range cells / nk / nf / subs {
		t := protocol.Test{Name: fmt.Sprint("Test", i)}
		for j := range subs {
			t.Cells = append(t.Cells, fmt.Sprint("cell", j))
		}
		whole.Tests = append(whole.Tests, t)
	}
	expected := map[results.CellKey]time.Duration{}
	for _, k := range ks {
		for _, p := range ps {
			for n, t := range plan.Expand(whole) {
				expected[results.CellKey{Kernel: k.Release, FS: p.Name, Test: t.Name()}] = time.Duration(n%7) * time.Millisecond
			}
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	p, err := plan.New(ks, ps, []protocol.Suite{whole}, "")
	if err != nil {
		return 0, 0, err
	}
	pieces := len(p.Units(plan.IsolationCell, expected))
	seconds = time.Since(began).Seconds()
	runtime.ReadMemStats(&after)
	if pieces != p.Cells() || pieces != cells {
		return 0, 0, fmt.Errorf("a plan of %d cells has %d in %d pieces", cells, p.Cells(), pieces)
	}
	return seconds, float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20), nil
}
