package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestUseOfTime(t *testing.T) {
	var cells []results.Cell
	for i := range 10 {
		a := resultstest.Attempt(results.CellKey{Kernel: "6.12", FS: "xfs", Test: fmt.Sprint("s.Test", i)}, 1, outcome.Pass, outcome.Snapshot)
		a.Timing = results.Timing{Queue: time.Second, Spawn: 10, Restore: 5, Test: time.Duration(i+1) * time.Millisecond}
		if i >= 8 {
			a.Timing.Restore, a.Timing.Boot = 0, 20
		}
		cells = append(cells, results.FromAttempts([]results.Attempt{a}))
	}
	again := cells[0].Attempt
	again.Verdict, again.N = outcome.Infra, 1
	cells[0].N = 2
	cells[0].Others = []results.Attempt{again}
	u := results.UseOfTime(cells)
	if d := cmp.Diff(map[string]int{"restored": 9, "booted": 2}, u.Came); d != "" || u.Attempts != 11 || u.Infra != 1 {
		t.Errorf("%+v\n%s", u, d)
	}
	test := u.Phases[5]
	if test.Name != "test" || test.N != 11 || test.Median != 5*time.Millisecond || test.Max != 10*time.Millisecond || test.Sum != 56*time.Millisecond {
		t.Errorf("%+v", test)
	}
	if want := 56*time.Millisecond + 11*10 + 9*5 + 2*20; u.Sum != want {
		t.Errorf("the sum is %d, want %d: the queue does not count", u.Sum, want)
	}
	var b bytes.Buffer
	resultstest.Must(t, WriteTiming(&b, resultstest.Run("r", 0), cells, Options{}))
	for _, want := range []string{"9 in restored VMs, 2 in booted ones, 0 in a shared VM; 1 infra", "5.0 ms", "6.12 xfs s.Test9"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
