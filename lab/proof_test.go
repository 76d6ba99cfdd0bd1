package lab

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// TestProofs: only a cell that was shown its fault and failed has fired.
func TestProofs(t *testing.T) {
	plan := Plan{Tests: []PlannedTest{{Suite: "s", Top: "TestA", Sub: "x", Fault: "sample"}, {Suite: "s", Top: "TestA", Sub: "y", Fault: "sample"}}}
	shown := map[string]string{protocol.AttrFault: "sample"}
	blind := map[string]string{protocol.AttrFault: "sample", protocol.AttrBlind: "passed although its sample was damaged"}
	for _, c := range []struct {
		verdict    outcome.Verdict
		outcome    outcome.Outcome
		covariates map[string]string
		where      string
		proved     bool
		why        string
	}{
		{verdict: outcome.Fail, covariates: shown, where: "fired", proved: true},
		{verdict: outcome.Fail, covariates: blind, where: "silent", why: "although"},
		{verdict: outcome.Fail, where: "itself"},
		{verdict: outcome.Fail, outcome: outcome.Error, where: "itself"},
		{verdict: outcome.Fail, outcome: outcome.Short, where: "itself", proved: true},
		{verdict: outcome.Pass, where: "silent", why: "knows none"},
		{verdict: outcome.Pass, covariates: shown, where: "silent"},
		{verdict: outcome.Skip, where: "skipped", proved: true},
		{verdict: outcome.Crash, covariates: shown, where: "broken"},
		{verdict: outcome.Infra, where: "infra", proved: true},
	} {
		cell := results.Cell{Attempt: results.Attempt{CellKey: results.CellKey{Test: "s.TestA/y"}, Verdict: c.verdict, Outcome: c.outcome, Covariates: c.covariates}}
		ps := Proofs(plan, []results.Cell{cell})
		if len(ps) != 1 || ps[0].Test != "s.TestA" || ps[0].Fault != "sample" {
			t.Fatalf("proofs %+v", ps)
		}
		lists := map[string]int{"fired": len(ps[0].Fired), "silent": len(ps[0].Silent), "itself": len(ps[0].Itself), "skipped": len(ps[0].Skipped),
			"broken": len(ps[0].Broken), "infra": len(ps[0].Infra)}
		for name, n := range lists {
			if (n == 1) != (name == c.where) {
				t.Errorf("%s %v: %d %s, want it %s", c.verdict, c.covariates, n, name, c.where)
			}
		}
		if ps[0].Proved() != c.proved {
			t.Errorf("%s %v: proved %v", c.verdict, c.covariates, !c.proved)
		}
		if c.where == "silent" && !strings.Contains(WhySilent(cell), c.why) {
			t.Errorf("%s %v: %q", c.verdict, c.covariates, WhySilent(cell))
		}
	}
}
