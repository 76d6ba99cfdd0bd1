package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// TestNewest: the newest run with a result other than infra counts. Tests with
// longer names are different tests.
func TestNewest(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	at := func(kernel, test string) results.CellKey {
		return results.CellKey{Kernel: kernel, FS: "xfs", Test: test}
	}
	old, page, longer := at("6.1.9", "splice.TestPunchHole/page"), at("6.12.1", "splice.TestPunchHole/page"), at("6.12.1", "splice.TestPunchHoles")
	for i, attempts := range [][]results.Attempt{
		{resultstest.Attempt(old, 1, outcome.Fail, outcome.Zeroed), resultstest.Attempt(page, 1, outcome.Fail, outcome.Zeroed), resultstest.Attempt(longer, 1, outcome.Pass, outcome.Live)},
		{resultstest.Attempt(page, 1, outcome.Infra, ""), resultstest.Attempt(page, 2, outcome.Pass, outcome.Snapshot)},
		{resultstest.Attempt(page, 1, outcome.Infra, "")},
	} {
		id := []string{"one", "two", "three"}[i]
		resultstest.Must(t, s.BeginRun(ctx, resultstest.Run(id, time.Duration(i)*time.Hour)))
		for _, a := range attempts {
			resultstest.Must(t, s.AddAttempt(ctx, id, &a))
		}
	}
	seen, err := s.Newest(ctx, "splice.TestPunchHole")
	resultstest.Must(t, err)
	var got []string
	for _, c := range seen {
		got = append(got, c.Run+" "+c.Kernel+" "+string(c.Verdict)+" "+string(c.Outcome))
	}
	want := []string{"one 6.1.9 fail zeroed", "two 6.12.1 pass snapshot"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
