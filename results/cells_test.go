package results_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestNewRunIDSortsByTime(t *testing.T) {
	var ids []string
	for i := range 50 {
		ids = append(ids, results.NewRunID(resultstest.T0.Add(time.Duration(i*37)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) {
		t.Error("ids do not sort by time")
	}
	if want := "20261123-191420-512"; !strings.HasPrefix(ids[0], want) {
		t.Errorf("id %s, want %s…", ids[0], want)
	}
}

func TestShowJudgesByAnotherPolicy(t *testing.T) {
	mk := func(v outcome.Verdict, o outcome.Outcome, k outcome.Kind) results.Attempt {
		a := resultstest.Attempt(resultstest.Key, 1, v, o)
		a.Kind = k
		return a
	}
	second := mk(outcome.Pass, outcome.Snapshot, outcome.Characterisation)
	second.N = 2
	flaky := results.FromAttempts([]results.Attempt{mk(outcome.Fail, outcome.Live, outcome.Characterisation), second})
	if flaky.Flaky != "1/2" || flaky.Verdict != outcome.Fail {
		t.Fatalf("%s, flaky %q, want fail, 1/2", flaky.Verdict, flaky.Flaky)
	}
	cells := []results.Cell{
		flaky,
		results.FromAttempts([]results.Attempt{mk(outcome.Fail, outcome.Zeroed, outcome.Characterisation)}),
		results.FromAttempts([]results.Attempt{mk(outcome.Fail, outcome.PhantomZero, outcome.Characterisation)}),
		results.FromAttempts([]results.Attempt{mk(outcome.Fail, outcome.Live, outcome.Invariant)}),
		results.FromAttempts([]results.Attempt{mk(outcome.Crash, outcome.Live, outcome.Characterisation)}),
	}
	before := slices.Clone(cells)
	alias := results.Show(cells, outcome.PolicyAlias)
	var got []outcome.Verdict
	for _, c := range alias {
		got = append(got, c.Verdict)
	}
	want := []outcome.Verdict{outcome.Pass, outcome.Pass, outcome.Fail, outcome.Fail, outcome.Crash}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if alias[0].N != 2 || alias[0].Outcome != outcome.Snapshot {
		t.Errorf("under alias attempt %d decides, want the last: neither is bad", alias[0].N)
	}
	if alias[0].Flaky != "" {
		t.Errorf("both attempts pass under alias, yet flaky %s", alias[0].Flaky)
	}
	if d := cmp.Diff(before, cells); d != "" {
		t.Errorf("Show changed its argument: %s", d)
	}
	if d := cmp.Diff(before, results.Show(alias, outcome.PolicySnapshot)); d != "" {
		t.Errorf("alias and back: %s", d)
	}
}
