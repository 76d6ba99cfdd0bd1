package exec

import (
	"cmp"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// CovariateBooted is why a cell's VM was booted although others are restored.
const CovariateBooted = "booted"

// CovariateAccel is the accelerator of a cell's VM if it is not that of the run:
// KVM does not run guests of another architecture.
const CovariateAccel = "accel"

// attempt is a cell's result in its stored form.
func attempt(c *cell, d verdict.Decision) results.Attempt {
	a := results.Attempt{
		Kind: d.Kind, Verdict: d.Verdict, Detail: d.Detail,
		Outcome:    outcome.Outcome(c.attrs[protocol.AttrOutcome]),
		Output:     c.output.String(),
		Console:    cmp.Or(d.Console, c.log.String()),
		Finished:   c.ended,
		Covariates: map[string]string{},
	}
	if c.ended.IsZero() {
		a.Finished = time.Now()
	}
	if !c.started.IsZero() {
		a.Duration = a.Finished.Sub(c.started)
	}
	for k, v := range c.attrs {
		switch k {
		case protocol.AttrOutcome, protocol.AttrKind, protocol.AttrDetail, protocol.AttrInfra:
		default:
			a.Covariates[k] = v
		}
	}
	return a
}

// timing breaks down a cell's time. before is its VM's time up to since, when
// the cell got the VM.
func timing(c *cell, before results.Timing, since time.Time) results.Timing {
	t := before
	if c.started.IsZero() {
		t.Agent = max(0, time.Since(since))
		return t
	}
	t.Agent = max(0, c.started.Sub(since))
	t.Test = max(0, c.ended.Sub(c.started))
	t.Collect = max(0, time.Since(c.ended))
	return t
}
