package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
	"github.com/splicelab/splicelab/results/terminal"
)

func TestTimingIsStored(t *testing.T) {
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
	a := resultstest.Attempt(results.CellKey{Kernel: "6.12", FS: "xfs", Test: "s.TestA"}, 1, outcome.Pass, outcome.Snapshot)
	a.Timing = results.Timing{Queue: 1, Spawn: 2, Restore: 3, Boot: 4, Agent: 5, Test: 6, Collect: 7}
	resultstest.Must(t, s.AddAttempt(t.Context(), "r", &a))
	cells, err := s.Cells(t.Context(), "r")
	resultstest.Must(t, err)
	if len(cells) != 1 || cells[0].Timing != a.Timing {
		t.Errorf("got %+v, want %+v", cells, a.Timing)
	}
	all, err := s.Attempts(t.Context(), "r", a.CellKey)
	resultstest.Must(t, err)
	if len(all) != 1 || all[0].Timing != a.Timing {
		t.Errorf("got %+v, want %+v", all, a.Timing)
	}
}

// A store with the first schema keeps its runs, whose timing is unknown.
func TestFirstSchemaIsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	db, err := sql.Open("sqlite", dsn(path))
	resultstest.Must(t, err)
	for _, q := range []string{
		migrations[0],
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		"PRAGMA user_version = 1",
		`INSERT INTO run VALUES ('old', 1, 2, 'snapshot', 'tcg', '1', '[]', '{}', 1, '', '{}')`,
		`INSERT INTO attempt VALUES ('old', '6.12', 'xfs', 's.TestA', 1, 'pass', 'snapshot', 'characterisation', '', 5, 2, '{}', NULL)`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	resultstest.Must(t, db.Close())
	s, err := Open(path)
	resultstest.Must(t, err)
	defer s.Close()
	cells, err := s.Cells(t.Context(), "old")
	resultstest.Must(t, err)
	if len(cells) != 1 || cells[0].Verdict != outcome.Pass || cells[0].Timing.Came() != "" {
		t.Errorf("got %+v", cells)
	}
	r, err := s.Run(t.Context(), "old")
	resultstest.Must(t, err)
	var b bytes.Buffer
	resultstest.Must(t, terminal.WriteTiming(&b, r, cells, terminal.Options{}))
	if !strings.Contains(b.String(), "was not stored") {
		t.Errorf("for a run without timing:\n%s", b.String())
	}
}

func TestDurations(t *testing.T) {
	s := fresh(t)
	key := func(i int) results.CellKey {
		return results.CellKey{Kernel: "6.12", FS: "xfs", Test: fmt.Sprint("s.Test", i)}
	}
	for i, r := range []string{"a", "b", "c", "d", "e"} {
		resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run(r, time.Duration(i))))
		for _, k := range []results.CellKey{key(i), key(9)} {
			a := resultstest.Attempt(k, 1, outcome.Pass, outcome.Snapshot)
			a.Duration = time.Duration(i + 1)
			resultstest.Must(t, s.AddAttempt(t.Context(), r, &a))
		}
		bad := resultstest.Attempt(key(9), 2, outcome.Infra, outcome.None)
		bad.Duration = 100
		resultstest.Must(t, s.AddAttempt(t.Context(), r, &bad))
		if r != "e" { // unfinished
			resultstest.Must(t, s.FinishRun(t.Context(), r, resultstest.T0.Add(time.Hour), ""))
		}
	}
	got, err := s.Durations(t.Context(), resultstest.Run("f", 9))
	resultstest.Must(t, err)
	want := map[results.CellKey]time.Duration{key(1): 2, key(2): 3, key(3): 4, key(9): 4}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// Only runs whose cells got their VMs in the same way say how long a cell takes,
// and single cells that ran later do not hide a large run.
func TestDurationsOfLikeRuns(t *testing.T) {
	s := fresh(t)
	add := func(id string, after, took time.Duration, accel string, conditions map[string]string, planned int) {
		r := resultstest.Run(id, after)
		r.Accel, r.Conditions, r.Planned = accel, conditions, planned
		resultstest.Must(t, s.BeginRun(t.Context(), r))
		for n, boot := range []time.Duration{0, 5 * time.Second} { // the second was booted, to confirm a result
			a := resultstest.Attempt(resultstest.Key, n+1, outcome.Pass, outcome.Snapshot)
			a.Duration, a.Timing = took+boot, results.Timing{Boot: boot, Test: took}
			resultstest.Must(t, s.AddAttempt(t.Context(), id, &a))
		}
		resultstest.Must(t, s.FinishRun(t.Context(), id, resultstest.T0.Add(time.Hour), ""))
	}
	cell, vm := map[string]string{"isolation": "cell"}, map[string]string{"isolation": "vm", "templates": "none"}
	add("a", 1, 843*time.Millisecond, "tcg", cell, 380)
	add("b", 2, 6*time.Millisecond, "tcg", vm, 380)
	add("c", 3, 90*time.Millisecond, "kvm", cell, 380)
	for _, c := range []struct {
		accel      string
		conditions map[string]string
		want       time.Duration
	}{{"tcg", cell, 843 * time.Millisecond}, {"tcg", vm, 6 * time.Millisecond}, {"kvm", cell, 90 * time.Millisecond}, {"kvm", vm, 0}} {
		got, err := s.Durations(t.Context(), results.Run{Accel: c.accel, Conditions: c.conditions})
		resultstest.Must(t, err)
		if got[resultstest.Key] != c.want {
			t.Errorf("%s, %v: %v, want %v", c.accel, c.conditions, got, c.want)
		}
	}
}
