package lab

import (
	"time"

	"github.com/splicelab/splicelab/results"
)

// workload is how much of a run is done, measured by what its cells took when
// they last ran: a matrix has cells of a tenth of a second beside such of ten.
// What was never seen to run counts as its test does on other kernels and
// filesystems, else as the mean of all.
type workload struct {
	known  map[results.CellKey]time.Duration
	byTest map[string]time.Duration
	mean   time.Duration

	done, total time.Duration
	kernels     map[string]int // attempts that are left, by release
}

func newWorkload(known map[results.CellKey]time.Duration) *workload {
	w := &workload{known: known, byTest: map[string]time.Duration{}, mean: time.Second, kernels: map[string]int{}}
	times := map[string]int{}
	var sum time.Duration
	for k, d := range known {
		w.byTest[k.Test] += d
		times[k.Test]++
		sum += d
	}
	for test, n := range times {
		w.byTest[test] /= time.Duration(n)
	}
	if len(known) > 0 {
		w.mean = sum / time.Duration(len(known))
	}
	return w
}

// weight is what one attempt at a cell is expected to take.
func (w *workload) weight(key results.CellKey) time.Duration {
	d, ok := w.known[key]
	if !ok {
		d, ok = w.byTest[key.Test]
	}
	if !ok {
		d = w.mean
	}
	return max(d, time.Millisecond)
}

// add puts attempts at a cell on the load.
func (w *workload) add(key results.CellKey, attempts int) {
	w.total += time.Duration(attempts) * w.weight(key)
	w.kernels[key.Kernel] += attempts
}

// take counts one attempt as done.
func (w *workload) take(key results.CellKey) {
	w.done += w.weight(key)
	w.kernels[key.Kernel]--
}

// share is how much is done, 0 to 1.
func (w *workload) share() float64 {
	if w.total == 0 {
		return 1
	}
	return float64(w.done) / float64(w.total)
}

// kernelsDone is of how many kernels nothing is left.
func (w *workload) kernelsDone() int {
	n := 0
	for _, left := range w.kernels {
		if left == 0 {
			n++
		}
	}
	return n
}
