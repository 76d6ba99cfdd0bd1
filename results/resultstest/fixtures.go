// Package resultstest has sample runs, cells and attempts for the tests of
// package results and its subpackages.
package resultstest

import (
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// T0 is when the first run of a test started.
var T0 = time.Date(2026, 11, 23, 19, 14, 20, 512_000_000, time.UTC)

// Run is a run that started some time after T0.
func Run(id string, after time.Duration) results.Run {
	return results.Run{ID: id, Started: T0.Add(after), Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 1 << 63,
		Command: []string{"splicelab", "run"}, Origin: results.OriginUser, Conditions: map[string]string{"qemu": "7.2"}, Planned: 3}
}

// Attempt is the nth attempt at a cell.
func Attempt(key results.CellKey, n int, v outcome.Verdict, o outcome.Outcome) results.Attempt {
	return results.Attempt{CellKey: key, N: n, Verdict: v, Outcome: o, Kind: outcome.Characterisation, Detail: "detail",
		Duration: 187 * time.Millisecond, Finished: T0.Add(time.Duration(n) * time.Second),
		Covariates: map[string]string{"folio_order": "4"}, Output: "out\n", Console: "[ 1.0] console\n"}
}

// Key is a cell for tests that need only one.
var Key = results.CellKey{Kernel: "6.12.117+deb12-cloud-amd64", FS: "xfs", Test: "splice.TestPunchHole/page"}

// Must fails the test at once if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BadVerdict is the history.Judgement of a user without expectations.
func BadVerdict(a *results.Attempt) bool { return a.Verdict.Bad() }
