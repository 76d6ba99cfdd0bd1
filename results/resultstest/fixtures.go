// Package resultstest has sample runs, cells and attempts for the tests of
// package results and its subpackages.
package resultstest

import (
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

var T0 = time.Date(2026, 11, 23, 19, 14, 20, 512_000_000, time.UTC)

func Run(id string, after time.Duration) results.Run {
	return results.Run{ID: id, Started: T0.Add(after), Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 1 << 63,
		Command: []string{"splicelab", "run"}, Conditions: map[string]string{"qemu": "7.2"}, Planned: 3}
}

func Attempt(key results.CellKey, n int, v outcome.Verdict, o outcome.Outcome) results.Attempt {
	return results.Attempt{CellKey: key, N: n, Verdict: v, Outcome: o, Kind: outcome.Characterisation, Detail: "detail",
		Duration: 187 * time.Millisecond, Finished: T0.Add(time.Duration(n) * time.Second),
		Covariates: map[string]string{"folio_order": "4"}, Output: "out\n", Console: "[ 1.0] console\n"}
}

var Key = results.CellKey{Kernel: "6.12.117+deb12-cloud-amd64", FS: "xfs", Test: "splice.TestPunchHole/page"}

func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BadVerdict is the history.Judgement of a user without expectations.
func BadVerdict(a *results.Attempt) bool { return a.Verdict.Bad() }
