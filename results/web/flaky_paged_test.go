package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
)

// Runs that are read by tests are compared like others.
func TestFlakyCellsOfPagedRuns(t *testing.T) {
	t.Parallel()
	path := storePath(t)
	store := sampleStore(t, path)
	small := quick
	small.cells = 13 // the sample runs have 24
	paged, whole := testServer(t, Config{Store: store}, small), testServer(t, Config{Store: store}, quick)
	for _, target := range []string{"/api/flaky", "/api/flaky?policy=alias", "/api/flaky?limit=1"} {
		got, want := get[Flaky](t, paged.Handler(), target), get[Flaky](t, whole.Handler(), target)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-at once +by tests):\n%s", target, d)
		}
		if want.Runs != 2 || want.Compared != 24 || want.TooLarge != 0 || len(want.Cells) == 0 {
			t.Errorf("%s: %+v", target, want)
		}
	}
	// What is too much for one request is left out, the oldest runs first.
	for cells, want := range map[int][2]int{24: {1, 1}, 47: {1, 1}, 48: {2, 0}, 23: {0, 2}} {
		few := small
		few.flakyCells = cells
		if got := get[Flaky](t, testServer(t, Config{Store: openStore(t, path)}, few).Handler(), "/api/flaky"); [2]int{got.Runs, got.TooLarge} != want {
			t.Errorf("with %d cells: %d runs, %d too large, want %v", cells, got.Runs, got.TooLarge, want)
		}
	}
}

// Reading the runs column by column gives what adding whole runs gives.
func TestFlakyCellsByColumns(t *testing.T) {
	t.Parallel()
	store, ctx := sampleStore(t, storePath(t)), t.Context()
	runs, err := store.RunsUpTo(ctx, nil)
	must(t, err)
	fails := func(a *results.Attempt) bool { return a.Verdict.Bad() }
	for _, p := range outcome.Policies {
		var want history.Steadiness
		for _, r := range runs {
			cells, err := store.Cells(ctx, r.ID)
			must(t, err)
			want.Add(results.Show(cells, p), fails)
		}
		got, err := history.CompareRuns(ctx, store, runs, p, fails)
		must(t, err)
		if d := cmp.Diff(page.NewFlakyCells(&want, 0), page.NewFlakyCells(got, 0)); d != "" {
			t.Errorf("%s (-whole +by columns):\n%s", p, d)
		}
	}
}
