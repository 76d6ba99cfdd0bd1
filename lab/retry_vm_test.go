package lab

import (
	"testing"

	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
)

// What is bad runs again, each time in a VM of its own, whatever the cells
// shared before.
func TestRetriesHaveFreshVMs(t *testing.T) {
	t.Parallel()
	for _, isolation := range []plan.Isolation{plan.IsolationVM, plan.IsolationCell} {
		t.Run(string(isolation), func(t *testing.T) {
			b := newBench(t).restoreShared()
			b.cfg.Isolation, b.cfg.Jobs = isolation, 2
			ks := Ready{testKernel(t, "6.12")}
			p := b.plan(ks, "tmpfs", `^selftest\.Test(Pass|Fail|PanicKernel)$`)
			p.RetryFailures = 1
			l, err := New(b.cfg, b.store)
			if err != nil {
				t.Fatal(err)
			}
			run, err := l.Run(t.Context(), p, ks, nil)
			if err != nil {
				t.Fatal(err)
			}
			cells, err := b.store.Cells(t.Context(), run.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cells {
				want := 1
				if c.Verdict.Bad() {
					want = 2
				}
				if c.Attempts-c.Infra != want {
					t.Errorf("%s: %s after %d attempts with a verdict, want %d", c.CellKey, c.Verdict, c.Attempts-c.Infra, want)
				}
				for _, a := range append([]results.Attempt{c.Attempt}, c.Others...) {
					if came := a.Timing.Came(); a.N > 1 && came != "restored" && came != "booted" {
						t.Errorf("%s: attempt %d had a VM that was %q", c.CellKey, a.N, came)
					}
				}
			}
		})
	}
}
