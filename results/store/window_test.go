package store

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// The parts of a run are what reading it at once gives.
func TestWindowsOfARun(t *testing.T) {
	s := fresh(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r := results.Run{ID: "r", Started: time.Unix(1, 0), Policy: outcome.PolicyAlias}
	must(s.BeginRun(ctx, r))
	for _, kernel := range []string{"5.10", "6.1", "6.12"} {
		for _, fs := range []string{"ext4", "xfs"} {
			for i, test := range []string{"s.TestA", "s.TestA/x", "s.TestA/y", "s.TestAB", "s.TestAB/x", "s.TestB/z", "t.TestA/x"} {
				a := results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: fs, Test: test}, N: 1, Verdict: outcome.Pass, Outcome: outcome.Snapshot, Kind: outcome.Characterisation}
				if kernel == "6.1" && fs == "xfs" && i%2 == 1 {
					a.Verdict, a.Outcome = outcome.Fail, outcome.PhantomZero
				}
				must(s.AddAttempt(ctx, r.ID, &a))
				if i == 2 {
					a.N, a.Verdict, a.Outcome = 2, outcome.Fail, outcome.Live
					must(s.AddAttempt(ctx, r.ID, &a))
				}
			}
		}
		if kernel == "6.12" {
			a := results.Attempt{CellKey: results.CellKey{Kernel: kernel, FS: "btrfs", Test: "s.TestB"}, N: 1, Verdict: outcome.Skip}
			must(s.AddAttempt(ctx, r.ID, &a))
		}
	}
	all, err := s.Cells(ctx, r.ID)
	must(err)
	for _, tests := range [][]string{{"s.TestA"}, {"s.TestB", "s.TestAB"}, {"nothing"}, nil} {
		got, err := s.CellsOfTests(ctx, r.ID, tests)
		must(err)
		var want []results.Cell
		for _, c := range all {
			name, _, _ := strings.Cut(c.Test, "/")
			for _, test := range tests {
				if name == test {
					want = append(want, c)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tests, diff)
		}
	}
	if _, ok, err := s.StoredTally(ctx, r.ID); ok || err != nil {
		t.Errorf("an unfinished run has a tally: %v, %v", ok, err)
	}
	must(s.FinishRun(ctx, r.ID, time.Unix(2, 0), ""))
	if tally, ok, err := s.StoredTally(ctx, r.ID); !ok || err != nil || tally.Cells != len(all) {
		t.Errorf("the finished run has the tally %+v, %v, %v", tally, ok, err)
	}
	overview, err := s.Overview(ctx, r.ID)
	must(err)
	total, names := results.Count(all), ""
	for _, one := range overview {
		names += " " + one.Test
		total.Cells -= one.Cells
		for class, n := range one.Classes {
			total.Classes[class] -= n
		}
	}
	if names != " s.TestA s.TestAB s.TestB t.TestA" || total.Cells != 0 {
		t.Errorf("tests%s, and %d cells are missing", names, total.Cells)
	}
	for class, n := range total.Classes {
		if n != 0 {
			t.Errorf("%d cells of class %s are missing", n, class)
		}
	}
}
