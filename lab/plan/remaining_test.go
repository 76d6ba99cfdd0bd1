package plan

import (
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

func verdicts(all ...outcome.Verdict) *results.Cell {
	var attempts []results.Attempt
	for i, v := range all {
		a := results.Attempt{N: i + 1, Verdict: v, Covariates: map[string]string{}}
		if v == common {
			a.Verdict, a.Covariates[CovariateCommon] = outcome.BootFail, "observed once"
		}
		attempts = append(attempts, a)
	}
	c := results.FromAttempts(attempts)
	return &c
}

// common stands for a boot-fail that was observed once for many cells.
const common outcome.Verdict = "common"

func TestDueRetries(t *testing.T) {
	const pass, fail, crash, infra, skip = outcome.Pass, outcome.Fail, outcome.Crash, outcome.Infra, outcome.Skip
	for _, c := range []struct {
		cell    *results.Cell
		control bool
		planned int
		want    int
	}{
		{verdicts(pass), false, 1, 0},
		{verdicts(skip), false, 1, 0},
		{verdicts(fail), false, 1, 5},
		{verdicts(crash), false, 1, 5},
		{verdicts(fail), true, 1, 0},
		{verdicts(common), false, 1, 0},
		{verdicts(infra, fail), false, 1, 5},
		{verdicts(infra, infra), false, 1, 0}, // first it needs a verdict
		{verdicts(fail, pass), false, 1, 4},
		{verdicts(fail, pass, infra, pass), false, 1, 3},
		{verdicts(fail, pass, pass, pass, pass, pass), false, 1, 0},
		{verdicts(fail, pass, pass, pass, pass, pass, pass), false, 1, 0},
		{verdicts(pass, fail), false, 2, 5},
		{verdicts(pass, fail, fail), false, 2, 4},
	} {
		p := Plan{RetryFailures: 5, Repeat: c.planned}
		if got := p.Due(IsolationCell, Test{Control: c.control}, c.cell); got != c.want {
			t.Errorf("%s of %d attempts, flaky %q, control %t: %d retries are due, want %d", c.cell.Verdict, c.cell.Attempts, c.cell.Flaky, c.control, got, c.want)
		}
		p.RetryFailures = 0
		if got := p.Due(IsolationCell, Test{}, c.cell); got != 0 {
			t.Errorf("without retries, %d are due", got)
		}
	}
}
