package plan

import (
	"time"

	"github.com/splicelab/splicelab/results"
)

// Estimate is the progress of a run, weighted by how long its cells took when
// they last ran: some cells take 0.1 s and some 10 s. A cell that never ran
// counts as the mean of its test on other kernels and filesystems, else as the
// mean of all cells.
type Estimate struct {
	known  map[results.CellKey]time.Duration
	byTest map[string]time.Duration
	mean   time.Duration

	done, total time.Duration
	kernels     map[string]int // attempts left, by release
}

// NewEstimate returns an estimate without work. known has the durations of cells
// that ran before.
func NewEstimate(known map[results.CellKey]time.Duration) *Estimate {
	e := &Estimate{known: known, byTest: map[string]time.Duration{}, mean: time.Second, kernels: map[string]int{}}
	times := map[string]int{}
	var sum time.Duration
	for k, d := range known {
		e.byTest[k.Test] += d
		times[k.Test]++
		sum += d
	}
	for test, n := range times {
		e.byTest[test] /= time.Duration(n)
	}
	if len(known) > 0 {
		e.mean = sum / time.Duration(len(known))
	}
	return e
}

// Of is how long one attempt at a cell is expected to take.
func (e *Estimate) Of(key results.CellKey) time.Duration {
	d, ok := e.known[key]
	if !ok {
		d, ok = e.byTest[key.Test]
	}
	if !ok {
		d = e.mean
	}
	return max(d, time.Millisecond)
}

// Add adds attempts at a cell to the work.
func (e *Estimate) Add(key results.CellKey, attempts int) {
	e.total += time.Duration(attempts) * e.Of(key)
	e.kernels[key.Kernel] += attempts
}

// Finish counts one attempt as done.
func (e *Estimate) Finish(key results.CellKey) {
	e.done += e.Of(key)
	e.kernels[key.Kernel]--
}

// Share is the fraction of the work that is done, 0 to 1.
func (e *Estimate) Share() float64 {
	if e.total == 0 {
		return 1
	}
	return float64(e.done) / float64(e.total)
}

// Kernels is the number of kernels with work, and of those that have none left.
func (e *Estimate) Kernels() (all, finished int) {
	for _, left := range e.kernels {
		if left == 0 {
			finished++
		}
	}
	return len(e.kernels), finished
}
