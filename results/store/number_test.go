package store

import (
	"sync"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/resultstest"
)

// TestAddAttemptNumbers: an attempt without a number gets the cell's next
// unique one, also after attempts of an earlier process.
func TestAddAttemptNumbers(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(ctx, resultstest.Run("r", 0)))
	resultstest.Must(t, s.AddAttempt(ctx, "r", new(resultstest.Attempt(resultstest.Key, 3, outcome.Infra, outcome.None))))
	other := open(t, s.Path()) // as another process would
	var all sync.WaitGroup
	for _, s := range []*Store{s, other} {
		all.Go(func() {
			for range 10 {
				a := resultstest.Attempt(resultstest.Key, 0, outcome.Fail, outcome.Live)
				if err := s.AddAttempt(ctx, "r", &a); err != nil || a.N < 4 {
					t.Errorf("attempt %d, %v", a.N, err)
				}
				// With its number, the same attempt is harmless.
				if err := s.AddAttempt(ctx, "r", &a); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	stored, err := s.Attempts(ctx, "r", resultstest.Key)
	resultstest.Must(t, err)
	for i, a := range stored {
		if a.N != i+3 {
			t.Errorf("attempt %d has number %d", i+3, a.N)
		}
	}
	if len(stored) != 21 {
		t.Errorf("%d attempts, want 21", len(stored))
	}
	elsewhere := resultstest.Key
	elsewhere.FS = "btrfs"
	first := resultstest.Attempt(elsewhere, 0, outcome.Pass, outcome.Snapshot)
	resultstest.Must(t, s.AddAttempt(ctx, "r", &first))
	if first.N != 1 {
		t.Errorf("the first attempt of another cell has number %d", first.N)
	}
	resultstest.Must(t, s.FinishRun(ctx, "r", resultstest.T0.Add(time.Hour), ""))
	late := resultstest.Attempt(resultstest.Key, 0, outcome.Pass, outcome.Snapshot)
	if err := s.AddAttempt(ctx, "r", &late); err == nil || late.N != 0 {
		t.Errorf("a finished run accepted attempt %d", late.N)
	}
}
