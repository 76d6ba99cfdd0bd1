package estimate

import (
	"fmt"
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
)

var start = time.Unix(1_800_000_000, 0)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

func cell(kernel, fs string, test int) results.CellKey {
	return results.CellKey{Kernel: kernel, FS: fs, Test: fmt.Sprint("s.Test", test)}
}

// near fails the test unless the time left is about that.
func near(t *testing.T, p Progress, want float64) {
	t.Helper()
	if left := p.Left.Seconds(); left < 0.8*want-0.1 || left > 1.25*want+0.1 {
		t.Errorf("%.1f s left, want about %.1f s; %+v", left, want, p)
	}
}

// What cells took earlier says how they compare, and what they take now says how
// long that is.
func TestEarlierRunsAreCorrected(t *testing.T) {
	known := map[results.CellKey]time.Duration{}
	for i := range 10 {
		known[cell("a", "xfs", i)] = 100 * time.Millisecond
	}
	known[cell("a", "xfs", 9)] = 5 * time.Second
	e := New(Config{Slots: 1, Processors: 1, Known: known}, start)
	for i := range 10 {
		e.Add(Cell, cell("a", "xfs", i), 1)
	}
	now := 0.0
	for i := range 3 { // twice as slow as before
		e.Begin(Cell, cell("a", "xfs", i), at(now))
		now += 0.2
		e.End(Cell, cell("a", "xfs", i), at(now))
	}
	near(t, e.Progress(at(now)), 2*(6*0.1+5))
}

// Until a tenth of the cells is done, all count as much as their mean.
func TestAFewCellsSayLittle(t *testing.T) {
	known := map[results.CellKey]time.Duration{}
	for i := range 100 {
		known[cell("a", "xfs", i)] = time.Hour // of a run on another machine
	}
	e := New(Config{Slots: 1, Processors: 1, Known: known}, start)
	for i := range 100 {
		e.Add(Cell, cell("a", "xfs", i), 1)
	}
	for i := range 5 {
		e.Begin(Cell, cell("a", "xfs", i), at(float64(i)))
		e.End(Cell, cell("a", "xfs", i), at(float64(i)+1))
	}
	near(t, e.Progress(at(5)), 95)
}

// The boot of a VM that cells share is most of the work, and the last VM does not
// use the other slots.
func TestBootsOfSharedVMs(t *testing.T) {
	e := New(Config{Slots: 2, Processors: 2, Shared: true}, start)
	kernels := []string{"a", "b", "c"}
	for _, k := range kernels {
		e.Add(Boot, cell(k, "xfs", 0), 1)
		for i := range 10 {
			e.Add(Cell, cell(k, "xfs", i), 1)
		}
	}
	whole := func(k string, from float64) float64 {
		e.Begin(Boot, cell(k, "xfs", 0), at(from))
		e.End(Boot, cell(k, "xfs", 0), at(from+8))
		from += 8
		for i := range 10 {
			e.Begin(Cell, cell(k, "xfs", i), at(from))
			from += 0.1
			e.End(Cell, cell(k, "xfs", i), at(from))
		}
		return from
	}
	now := whole("a", 0)
	whole("b", 0)
	near(t, e.Progress(at(now)), 9)
	if p := e.Progress(at(whole("c", now))); p.Left != 0 || p.Share != 1 {
		t.Errorf("at the end: %+v", p)
	}
}

// A template that is made counts, one that is there does not, and one that turns
// out to be needless is no longer waited for.
func TestTemplates(t *testing.T) {
	known := map[results.CellKey]time.Duration{}
	e := New(Config{Slots: 2, Processors: 2, Known: known}, start)
	for _, fs := range []string{"xfs", "ext4", "btrfs"} {
		e.Add(Template, cell("a", fs, 0), 1)
	}
	e.Add(Cell, cell("a", "xfs", 0), 1)
	if p := e.Progress(at(0)); p.Left != 0 {
		t.Errorf("nothing was ever measured, and %+v", p)
	}
	known[cell("a", "xfs", 0)] = time.Second
	e.Begin(Template, cell("a", "xfs", 0), at(0))
	e.End(Template, cell("a", "xfs", 0), at(10))
	before := e.Progress(at(10))
	near(t, before, 20) // two more like that, one at a time
	e.End(Template, cell("a", "ext4", 0), at(10))
	e.Drop(Template, cell("a", "btrfs", 0))
	e.Begin(Cell, cell("a", "xfs", 0), at(10))
	if p := e.Progress(at(10)); p.Left > 2*time.Second || p.Share < 0.8 {
		t.Errorf("with one cell left: %+v, before: %+v", p, before)
	}
}

// Retries that become due are work, and a cell that is tried again is, too.
func TestRetriesAreWork(t *testing.T) {
	e := New(Config{Slots: 1, Processors: 1}, start)
	e.Add(Cell, cell("a", "xfs", 0), 1)
	e.Begin(Cell, cell("a", "xfs", 0), at(0))
	e.End(Cell, cell("a", "xfs", 0), at(2))
	e.Add(Cell, cell("a", "xfs", 0), 5)
	near(t, e.Progress(at(2)), 10)
	// Two of them at once: they have the same key.
	e.Begin(Cell, cell("a", "xfs", 0), at(2))
	e.Begin(Cell, cell("a", "xfs", 0), at(2))
	e.End(Cell, cell("a", "xfs", 0), at(4))
	e.End(Cell, cell("a", "xfs", 0), at(4))
	near(t, e.Progress(at(4)), 6)
}

// The rate is that of the last minute.
func TestRate(t *testing.T) {
	e := New(Config{Slots: 1, Processors: 1}, start)
	e.Add(Cell, cell("a", "xfs", 0), 1000)
	for i := range 200 {
		e.Begin(Cell, cell("a", "xfs", 0), at(float64(i)/2))
		e.End(Cell, cell("a", "xfs", 0), at(float64(i+1)/2))
	}
	if r := e.Progress(at(100)).Rate; r < 1.9 || r > 2.1 {
		t.Errorf("%.2f cells a second, want 2", r)
	}
	if r := e.Progress(at(130)).Rate; r < 0.9 || r > 1.1 {
		t.Errorf("half a minute later %.2f cells a second, want 1", r)
	}
	if r := e.Progress(at(300)).Rate; r != 0 {
		t.Errorf("minutes later %.2f cells a second", r)
	}
}

// A large run is estimated at each event.
func TestLargeRun(t *testing.T) {
	e := New(Config{Slots: 3, Processors: 2}, start)
	const kernels, filesystems, tests = 100, 10, 100
	each := func(do func(results.CellKey)) {
		for k := range kernels {
			for f := range filesystems {
				for i := range tests {
					do(cell(fmt.Sprint(k), fmt.Sprint(f), i))
				}
			}
		}
	}
	each(func(k results.CellKey) { e.Add(Cell, k, 1) })
	began := time.Now()
	n := 0.0
	each(func(k results.CellKey) {
		e.Begin(Cell, k, at(n))
		n++
		e.End(Cell, k, at(n))
		if int(n)%100 == 0 {
			e.Progress(at(n))
		}
	})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%d cells took %s", kernels*filesystems*tests, took)
	}
	if len(e.slots.points) > mostPoints {
		t.Errorf("%d points are kept", len(e.slots.points))
	}
}
