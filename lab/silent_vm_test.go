package lab

import (
	"testing"
	"time"

	"github.com/splicelab/splicelab/kernels"
	labexec "github.com/splicelab/splicelab/lab/exec"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
)

// A VM that stops without its kernel's doing is confirmed like one that is reset.
func TestSilentHangIsConfirmed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.cfg.Jobs, b.cfg.Deadlines = 1, job.Deadlines{Silence: 10 * time.Second, Cell: time.Minute}
	cells, err := b.run([]kernels.Kernel{testKernel(t, "6.12")}, "tmpfs", `^selftest\.TestHangNoInterrupts$`)
	if err != nil {
		t.Fatal(err)
	}
	c := cells["tmpfs selftest.TestHangNoInterrupts"]
	if c.Verdict != outcome.Hang || c.Attempts != 2 || c.Infra != 1 || c.Flaky != "" {
		t.Errorf("%s (%s) after %d attempts, %d of them infra, flaky %q", c.Verdict, c.Detail, c.Attempts, c.Infra, c.Flaky)
	}
}

// A VM that is reset behind its kernel's back is confirmed by another one, which
// is booted, before that counts as a crash; shared or not, restored or not.
func TestSilentEndIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, isolation := range []plan.Isolation{plan.IsolationVM, plan.IsolationCell} {
		t.Run(string(isolation), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.cfg.Isolation, b.cfg.Jobs = isolation, 1
			cells, err := b.run([]kernels.Kernel{testKernel(t, "6.12")}, "tmpfs", `^selftest\.Test(Pass|Reset)$`)
			if err != nil {
				t.Fatal(err)
			}
			if c := cells["tmpfs selftest.TestPass"]; c.Verdict != outcome.Pass || c.Attempts != 1 {
				t.Errorf("the cell beside it: %s (%s) after %d attempts", c.Verdict, c.Detail, c.Attempts)
			}
			c := cells["tmpfs selftest.TestReset"]
			if c.Verdict != outcome.Crash || c.Attempts != 2 || c.Infra != 1 || c.Flaky != "" {
				t.Errorf("%s (%s) after %d attempts, %d of them infra, flaky %q", c.Verdict, c.Detail, c.Attempts, c.Infra, c.Flaky)
			}
			if booted := c.Covariates[labexec.CovariateBooted]; (booted != "") != (isolation == plan.IsolationCell) {
				t.Errorf("why it was booted: %q", booted)
			}
		})
	}
}
