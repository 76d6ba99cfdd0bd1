package plan

import (
	"testing"
	"time"

	"github.com/splicelab/splicelab/results"
)

func TestEstimate(t *testing.T) {
	key := func(k, test string) results.CellKey { return results.CellKey{Kernel: k, FS: "xfs", Test: test} }
	e := NewEstimate(map[results.CellKey]time.Duration{key("6.1", "A"): 9 * time.Second, key("6.2", "A"): time.Second, key("6.1", "B"): 2 * time.Second})
	for k, want := range map[results.CellKey]time.Duration{
		key("6.1", "A"): 9 * time.Second,
		key("6.3", "A"): 5 * time.Second, // as on others
		key("6.3", "C"): 4 * time.Second, // as the mean
	} {
		if got := e.Of(k); got != want {
			t.Errorf("%s is expected to take %s, want %s", k, got, want)
		}
	}
	e.Add(key("6.1", "A"), 1)
	e.Add(key("6.2", "A"), 1)
	e.Finish(key("6.1", "A"))
	if all, finished := e.Kernels(); e.Share() != 0.9 || all != 2 || finished != 1 {
		t.Errorf("%.2f is done, %d of %d kernels; want 0.90, 1 of 2", e.Share(), finished, all)
	}
	e.Add(key("6.1", "A"), 1) // a retry
	if _, finished := e.Kernels(); finished != 0 {
		t.Error("a kernel with a retry that is due is finished")
	}
	if s := NewEstimate(nil).Share(); s != 1 {
		t.Errorf("of no work %.2f is done", s)
	}
}
