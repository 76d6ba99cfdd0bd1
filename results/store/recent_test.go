package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestRecent(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	for i := range 5 {
		id := fmt.Sprint("r", i)
		resultstest.Must(t, s.BeginRun(ctx, resultstest.Run(id, time.Duration(i)*time.Hour)))
		resultstest.Must(t, s.AddAttempt(ctx, id, new(resultstest.Attempt(resultstest.Key, 1, outcome.Infra, outcome.None))))
		resultstest.Must(t, s.AddAttempt(ctx, id, new(resultstest.Attempt(resultstest.Key, 2, outcome.Fail, outcome.Live))))
		if i < 4 {
			resultstest.Must(t, s.FinishRun(ctx, id, resultstest.T0.Add(24*time.Hour), ""))
		}
	}
	all, err := s.Runs(ctx)
	resultstest.Must(t, err)
	// A step of a bisection is in no list, and not counted.
	step := resultstest.Run("step", 9*time.Hour)
	step.Origin = results.OriginBisect
	resultstest.Must(t, s.BeginRun(ctx, step))
	all[0].Tally = results.Tally{} // not finished
	for _, c := range []struct{ skip, n, from, to int }{{0, 10, 0, 5}, {0, 2, 0, 2}, {2, 2, 2, 4}, {4, 10, 4, 5}, {5, 10, 5, 5}, {9, 1, 5, 5}, {0, 0, 0, 0}} {
		runs, total, err := s.Recent(ctx, c.skip, c.n)
		resultstest.Must(t, err)
		if diff := cmp.Diff(append([]results.RunSummary(nil), all[c.from:c.to]...), runs); diff != "" || total != 5 {
			t.Errorf("%d after %d: %d in all (-want +got):\n%s", c.n, c.skip, total, diff)
		}
	}
	for id, want := range map[string]int{"r4": 2, "nobody": 0} {
		if n, err := s.AttemptCount(ctx, id); err != nil || n != want {
			t.Errorf("%s: %d attempts, %v; want %d", id, n, err, want)
		}
	}
}
