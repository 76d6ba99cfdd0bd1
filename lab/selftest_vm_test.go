package lab

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/selftest"
)

// TestSelftestVerdicts shows that each way in which a test can misbehave
// becomes the verdict that it should, and costs no other cell anything.
func TestSelftestVerdicts(t *testing.T) {
	t.Parallel()
	for _, series := range thorough("6.12", "5.10") {
		t.Run(series, func(t *testing.T) {
			t.Parallel() // most of it is waiting for what hangs
			b := newBench(t).restoreShared()
			misbehaviour, hanging := `^selftest\.Test([^HKL]|H[^a])`, `^selftest\.Test(Hang|KillAgent)`
			if !slow() { // without what takes long and differs little from others
				misbehaviour, hanging = `^selftest\.Test(Exit|Fail|Flags|GoPanic|Oops|Pa|Reset|Seg|Skip|Term|Warn)`, `^selftest\.Test(HangUn|KillAgent)`
			}
			ks := []kernels.Kernel{testKernel(t, series)}
			cells, err := b.run(ks, "tmpfs", misbehaviour)
			var infra *sched.InfraError
			if !errors.As(err, &infra) {
				t.Errorf("the run ended with %v, want an *sched.InfraError for the cells that are infra", err)
			}
			// What hangs need not hang for long; what floods needs its time. An agent
			// whose code is gone sleeps on until the lab asks whether it is there, and
			// then has as long again, so that a busy host shows the kernel's panic.
			b.cfg.Deadlines = job.Deadlines{Silence: 10 * time.Second, Cell: 25 * time.Second}
			hung, err := b.run(ks, "ext4", hanging)
			if !errors.As(err, &infra) {
				t.Errorf("the run of what hangs ended with %v, want an *sched.InfraError", err)
			}
			for k, c := range hung {
				cells[strings.Replace(k, "ext4", "tmpfs", 1)] = c
			}
			if len(cells) < 13 {
				t.Errorf("%d tests misbehaved", len(cells))
			}
			want, got := map[string]outcome.Verdict{}, map[string]outcome.Verdict{}
			for name, v := range selftest.Expected {
				key := "tmpfs selftest." + name
				c, planned := cells[key]
				if name == "TestLeave" || !planned && !slow() {
					continue // the cells of TestLeave must not share a VM
				}
				want[name], got[name] = v, c.Verdict
				if c.Verdict == outcome.Skip && v != outcome.Skip && c.Detail != "" {
					delete(want, name) // not every kernel can be hurt in every way; it says why
					delete(got, name)
					t.Logf("%s skipped: %s", name, c.Detail)
				}
				if c.Verdict == outcome.Infra && c.Attempts != 1+sched.InfraRetries {
					t.Errorf("%s: infra after %d attempts, want %d", name, c.Attempts, 1+sched.InfraRetries)
				}
				if strings.ContainsAny(c.Detail+c.Output+c.Console, "\x1b\x00") {
					t.Errorf("%s: control characters were stored", name)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("verdicts (-want +got):\n%s", d)
				for _, k := range slices.Sorted(maps.Keys(cells)) {
					t.Logf("%s: %s %s", k, cells[k].Verdict, cells[k].Detail)
				}
			}
		})
	}
}
