package results

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
)

func TestTimingIsStored(t *testing.T) {
	s := fresh(t)
	must(t, s.BeginRun(t.Context(), run("r", 0)))
	a := attempt(CellKey{"6.12", "xfs", "s.TestA"}, 1, outcome.Pass, outcome.Snapshot)
	a.Timing = Timing{Queue: 1, Spawn: 2, Restore: 3, Boot: 4, Agent: 5, Test: 6, Collect: 7}
	must(t, s.AddAttempt(t.Context(), "r", a))
	cells, err := s.Cells(t.Context(), "r")
	must(t, err)
	if len(cells) != 1 || cells[0].Timing != a.Timing {
		t.Errorf("got %+v, want %+v", cells, a.Timing)
	}
	all, err := s.Attempts(t.Context(), "r", a.CellKey)
	must(t, err)
	if len(all) != 1 || all[0].Timing != a.Timing {
		t.Errorf("got %+v, want %+v", all, a.Timing)
	}
}

// A store of the first schema keeps its runs, whose times are not known.
func TestFirstSchemaIsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.db")
	db, err := sql.Open("sqlite", dsn(path))
	must(t, err)
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
	must(t, db.Close())
	s, err := Open(path)
	must(t, err)
	defer s.Close()
	cells, err := s.Cells(t.Context(), "old")
	must(t, err)
	if len(cells) != 1 || cells[0].Verdict != outcome.Pass || cells[0].Timing.Came() != "" {
		t.Errorf("got %+v", cells)
	}
	r, err := s.Run(t.Context(), "old")
	must(t, err)
	var b bytes.Buffer
	must(t, WriteTiming(&b, r, cells))
	if !strings.Contains(b.String(), "was not stored") {
		t.Errorf("of a run without times it says:\n%s", b.String())
	}
}

func TestUseOfTime(t *testing.T) {
	var cells []Cell
	for i := range 10 {
		a := attempt(CellKey{"6.12", "xfs", fmt.Sprint("s.Test", i)}, 1, outcome.Pass, outcome.Snapshot)
		a.Timing = Timing{Queue: time.Second, Spawn: 10, Restore: 5, Test: time.Duration(i+1) * time.Millisecond}
		if i >= 8 {
			a.Timing.Restore, a.Timing.Boot = 0, 20
		}
		cells = append(cells, FromAttempts([]Attempt{a}))
	}
	again := cells[0].Attempt
	again.Verdict, again.N = outcome.Infra, 1
	cells[0].N = 2
	cells[0].Others = []Attempt{again}
	u := UseOfTime(cells)
	if d := cmp.Diff(map[string]int{"restored": 9, "booted": 2}, u.Came); d != "" || u.Attempts != 11 || u.Infra != 1 {
		t.Errorf("%+v\n%s", u, d)
	}
	test := u.Phases[5]
	if test.Name != "test" || test.N != 11 || test.Median != 5*time.Millisecond || test.Max != 10*time.Millisecond || test.Sum != 56*time.Millisecond {
		t.Errorf("%+v", test)
	}
	if want := 56*time.Millisecond + 11*10 + 9*5 + 2*20; u.Sum != want {
		t.Errorf("the sum is %d, want %d: the queue does not count", u.Sum, want)
	}
	var b bytes.Buffer
	must(t, WriteTiming(&b, run("r", 0), cells))
	for _, want := range []string{"9 in restored VMs, 2 in booted ones, 0 in a VM that was there; 1 infra", "5.0 ms", "6.12 xfs s.Test9"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestDurations(t *testing.T) {
	s := fresh(t)
	key := func(i int) CellKey { return CellKey{"6.12", "xfs", fmt.Sprint("s.Test", i)} }
	for i, r := range []string{"a", "b", "c", "d", "e"} {
		must(t, s.BeginRun(t.Context(), run(r, time.Duration(i))))
		for _, k := range []CellKey{key(i), key(9)} {
			a := attempt(k, 1, outcome.Pass, outcome.Snapshot)
			a.Duration = time.Duration(i + 1)
			must(t, s.AddAttempt(t.Context(), r, a))
		}
		bad := attempt(key(9), 2, outcome.Infra, outcome.None)
		bad.Duration = 100
		must(t, s.AddAttempt(t.Context(), r, bad))
		if r != "e" { // which does not finish
			must(t, s.FinishRun(t.Context(), r, t0.Add(time.Hour), ""))
		}
	}
	got, err := s.Durations(t.Context())
	must(t, err)
	want := map[CellKey]time.Duration{key(1): 2, key(2): 3, key(3): 4, key(9): 4}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
