package store

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// oldRuns is a database of schema 5, before runs had an origin and tallies had
// classes.
func oldRuns(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results.db")
	const tally = `{"cells":2,"verdicts":{"fail":1,"pass":1},"outcomes":{"zeroed":1},"flaky":0}`
	var fill []string
	for i, r := range []struct{ id, command string }{
		{"user", `["splicelab","run"]`}, {"nightly", `["splicelab","nightly","-k","6.1"]`}, {"bisect", `["splicelab","bisect","packages","good","bad"]`},
		{"repro", `["splicelab","repro","x.yaml"]`}, {"import", `["splicelab","results","import","bisect"]`}, {"prove", `["splicelab","tests","prove"]`},
		{"compare", `["splicelab","tests","compare"]`}, {"unclear", `["splicelab","--state","bisect","run"]`}, {"nothing", `[]`},
	} {
		fill = append(fill, fmt.Sprintf(`INSERT INTO run (id, started, finished, policy, accel, seed, command, conditions, planned, problem, tally)
			VALUES ('%s', %d, 100, 'snapshot', 'tcg', '0', '%s', '{}', 2, '', '%s')`, r.id, i+1, r.command, tally))
		for _, a := range []string{`'s.TestA', 1, 'pass', ''`, `'s.TestB', 1, 'infra', ''`, `'s.TestB', 2, 'fail', 'zeroed'`} {
			fill = append(fill, fmt.Sprintf(`INSERT INTO attempt (run, kernel, fs, test, n, verdict, outcome, kind, detail, duration, finished, covariates)
				VALUES ('%s', '6.1.0-56-cloud-amd64', 'xfs', %s, 'invariant', '', 0, 2, '{}')`, r.id, a))
		}
	}
	fill = append(fill, `INSERT INTO plan (run, document, ended) VALUES
		('user', '{"asked":{"tests":"","tests-from":"","all":"false","priority":"9"},"profiles":[{"name":"xfs"},{"name":"ext4"}]}', 1),
		('nightly', '{"asked":{"tests":"Punch","tests-from":"","all":"true","priority":"9"},"profiles":[{"name":"tmpfs"}]}', 0),
		('unclear', 'not JSON', 1), ('nothing', '[1]', 1)`)
	OldDatabase(t, path, 5, fill...)
	return path
}

func TestRunsOfOlderDatabases(t *testing.T) {
	s := open(t, oldRuns(t))
	runs, err := s.Runs(t.Context())
	resultstest.Must(t, err)
	var got []string
	for _, r := range runs {
		got = append(got, fmt.Sprint(r.ID, " ", r.Origin, " ", r.Selected, " ", r.Kernels[0].Name, " ", r.Pending))
	}
	const kernel = " 6.1.0-56-cloud-amd64 "
	want := []string{
		"nothing user {[xfs] }" + kernel + "false", "unclear user {[xfs] }" + kernel + "false", "compare compare {[xfs] }" + kernel + "false",
		"prove prove {[xfs] }" + kernel + "false", "import import {[xfs] }" + kernel + "false", "repro repro {[xfs] }" + kernel + "false",
		"bisect bisect {[xfs] }" + kernel + "false", "nightly nightly {[tmpfs] Punch}" + kernel + "true", "user user {[xfs ext4] quick cells}" + kernel + "false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	cells, of, err := s.NewestOf(t.Context(), "6.1.0-56-cloud-amd64")
	resultstest.Must(t, err)
	if len(cells) != 2 || len(of) != 1 || of[0].ID != "nothing" || cells[1].Attempts != 2 {
		t.Errorf("newest cells are %+v of %v", cells, of)
	}
}

// What a version without classes counted is counted once more, and stored if
// that is possible.
func TestOldTalliesAreCountedOnce(t *testing.T) {
	ctx := t.Context()
	want := results.Tally{Cells: 2, Verdicts: map[outcome.Verdict]int{"pass": 1, "fail": 1}, Outcomes: map[outcome.Outcome]int{"zeroed": 1},
		Classes: map[outcome.Class]int{outcome.Passes: 1, outcome.Violates: 1}}
	for _, readOnly := range []bool{false, true} {
		s := open(t, oldRuns(t))
		if readOnly {
			_, err := s.write.Exec(`PRAGMA query_only = 1`)
			resultstest.Must(t, err)
		}
		for range 2 {
			runs, _, err := s.Recent(ctx, 0, 3)
			resultstest.Must(t, err)
			if d := cmp.Diff(want, runs[2].Tally); d != "" {
				t.Errorf("read-only %t: %s", readOnly, d)
			}
		}
		runs, err := s.Runs(ctx)
		resultstest.Must(t, err)
		// The third that is no step, and the one after it.
		if stored := runs[4].Classes != nil; stored == readOnly {
			t.Errorf("read-only %t: stored %t", readOnly, stored)
		}
		if runs[7].Classes != nil {
			t.Error("a run that was not listed was counted")
		}
	}
}
