package faults

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Only a cell that failed after its fault was injected has fired.
func TestChecks(t *testing.T) {
	planned := plan.Plan{Tests: []plan.Test{{Suite: "s", Top: "TestA", Sub: "x", Fault: "sample"}, {Suite: "s", Top: "TestA", Sub: "y", Fault: "sample"}}}
	shown := map[string]string{protocol.AttrFault: "sample"}
	blind := map[string]string{protocol.AttrFault: "sample", protocol.AttrBlind: "passed although its sample was damaged"}
	for _, c := range []struct {
		verdict    outcome.Verdict
		outcome    outcome.Outcome
		covariates map[string]string
		where      string
		detected   bool
		why        string
	}{
		{verdict: outcome.Fail, covariates: shown, where: "fired", detected: true},
		{verdict: outcome.Fail, covariates: blind, where: "silent", why: "although"},
		{verdict: outcome.Fail, where: "early"},
		{verdict: outcome.Fail, outcome: outcome.Error, where: "early"},
		{verdict: outcome.Fail, outcome: outcome.Short, where: "early", detected: true},
		{verdict: outcome.Pass, where: "silent", why: "supports none"},
		{verdict: outcome.Pass, covariates: shown, where: "silent"},
		{verdict: outcome.Skip, where: "skipped", detected: true},
		{verdict: outcome.Crash, covariates: shown, where: "broken"},
		{verdict: outcome.Infra, where: "infra", detected: true},
	} {
		cell := results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Test: "s.TestA/y"}, Verdict: c.verdict, Outcome: c.outcome, Covariates: c.covariates}}
		ps := Checks(planned, []results.Cell{cell})
		if len(ps) != 1 || ps[0].Test != "s.TestA" || ps[0].Fault != "sample" {
			t.Fatalf("checks %+v", ps)
		}
		lists := map[string]int{"fired": len(ps[0].Fired), "silent": len(ps[0].Silent), "early": len(ps[0].Early), "skipped": len(ps[0].Skipped),
			"broken": len(ps[0].Broken), "infra": len(ps[0].Infra)}
		for name, n := range lists {
			if (n == 1) != (name == c.where) {
				t.Errorf("%s %v: %d %s, want it %s", c.verdict, c.covariates, n, name, c.where)
			}
		}
		if ps[0].Detected() != c.detected {
			t.Errorf("%s %v: detected %v", c.verdict, c.covariates, !c.detected)
		}
		if c.where == "silent" && !strings.Contains(WhySilent(cell), c.why) {
			t.Errorf("%s %v: %q", c.verdict, c.covariates, WhySilent(cell))
		}
	}
}
