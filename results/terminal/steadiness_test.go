package terminal

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestSteadiness(t *testing.T) {
	cell := func(test string, came ...outcome.Outcome) results.Cell {
		var attempts []results.Attempt
		for i, o := range came {
			v := outcome.Fail
			switch o {
			case outcome.Snapshot:
				v = outcome.Pass
			case "infra":
				v, o = outcome.Infra, ""
			case "skip":
				v, o = outcome.Skip, ""
			}
			attempts = append(attempts, resultstest.Attempt(results.CellKey{Kernel: "6.12.1", FS: "xfs", Test: "s.Test" + test}, i+1, v, o))
		}
		return results.FromAttempts(attempts)
	}
	const ok, live, torn, infra, skip = outcome.Snapshot, outcome.Live, outcome.Torn, "infra", "skip"
	var s history.Steadiness
	for _, run := range [][]results.Cell{
		{cell("Steady", live), cell("Torn", live), cell("Turned", ok), cell("Broke", ok), cell("Mixed", ok), cell("Skips", skip), cell("Lost", ok)},
		{cell("Steady", live, live), cell("Torn", torn), cell("Turned", live), cell("Broke", ok), cell("Mixed", infra, live, ok), cell("Skips", skip), cell("Lost", infra)},
		{cell("Steady", live), cell("Torn", live), cell("Turned", ok), cell("Broke", live), cell("Mixed", ok), cell("Skips", live)},
		{cell("Steady", live), cell("Torn", torn), cell("Turned", ok), cell("Broke", live), cell("Mixed", ok), cell("Skips", skip), cell("Once", live)},
	} {
		s.Add(run, resultstest.BadVerdict)
	}
	var b bytes.Buffer
	resultstest.Must(t, WriteSteadiness(&b, &s, 0, Options{}))
	want := `6.12.1 xfs s.TestTorn: failed 4/4 (51–100 %): 2 fail live, 2 fail torn
6.12.1 xfs s.TestSkips: failed 1/1 (21–100 %): 3 skip, 1 fail live
6.12.1 xfs s.TestTurned: failed 1/4 (5–70 %): 3 pass snapshot, 1 fail live
6.12.1 xfs s.TestMixed: failed 1/5 (4–62 %): 4 pass snapshot, 1 fail live
6.12.1 xfs s.TestBroke:
    changed once, failed 2/4 (15–85 %): 2 fail live, 2 pass snapshot
6 cells in 4 runs: 4 flaky, 1 changed once, intervals are 95 % CI
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	b.Reset()
	resultstest.Must(t, WriteSteadiness(&b, &s, 1, Options{}))
	want = "6.12.1 xfs s.TestTorn: failed 4/4 (51–100 %): 2 fail live, 2 fail torn\n… and 4 more\n6 cells in 4 runs: 4 flaky, 1 changed once, intervals are 95 % CI\n"
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}
