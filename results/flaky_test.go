package results

import (
	"bytes"
	"slices"
	"testing"

	"splicelab/outcome"
)

func TestSteadiness(t *testing.T) {
	cell := func(test string, v outcome.Verdict, o outcome.Outcome) Cell {
		return FromAttempts([]Attempt{attempt(CellKey{"6.12.1", "xfs", test}, 1, v, o)})
	}
	steady := cell("s.TestA", outcome.Fail, outcome.Live)
	runs := [][]Cell{
		{steady, cell("s.TestB", outcome.Fail, outcome.Live), cell("s.TestC", outcome.Pass, outcome.Snapshot)},
		{steady, cell("s.TestB", outcome.Fail, outcome.Torn), cell("s.TestC", outcome.Pass, outcome.Snapshot)},
		{steady, cell("s.TestB", outcome.Fail, outcome.Live), cell("s.TestC", outcome.Fail, outcome.Zeroed)},
		{steady, cell("s.TestB", outcome.Fail, outcome.Torn), cell("s.TestC", outcome.Pass, outcome.Snapshot), cell("s.TestOnce", outcome.Hang, outcome.None)},
	}
	compared, unsteady := Steadiness(runs)
	names := []string{}
	for _, u := range unsteady {
		names = append(names, u.Test)
	}
	if compared != 3 || !slices.Equal(names, []string{"s.TestB", "s.TestC"}) {
		t.Errorf("%d compared, unsteady %v", compared, names)
	}
	var b bytes.Buffer
	must(t, WriteSteadiness(&b, runs))
	want := "6.12.1 xfs s.TestB: 2/4 fail live, 2/4 fail torn\n6.12.1 xfs s.TestC: 3/4 pass snapshot, 1/4 fail zeroed\n3 cells in 4 runs: 2 came to different things\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
