package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func fresh(t testing.TB) *Store { return open(t, filepath.Join(t.TempDir(), "results.db")) }

func TestStoreRoundTrip(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "a b?c#d%41", "results.db")
	s := open(t, path)
	r := resultstest.Run("one", 0)
	resultstest.Must(t, s.BeginRun(ctx, r))
	resultstest.Must(t, s.BeginRun(ctx, r)) // harmless
	a := resultstest.Attempt(resultstest.Key, 1, outcome.Fail, outcome.Zeroed)
	resultstest.Must(t, s.AddAttempt(ctx, "one", &a))
	resultstest.Must(t, s.AddAttempt(ctx, "one", &a)) // harmless
	resultstest.Must(t, s.FinishRun(ctx, "one", resultstest.T0.Add(time.Minute), "control cell failed"))
	resultstest.Must(t, s.FinishRun(ctx, "one", resultstest.T0.Add(time.Minute), "control cell failed"))
	resultstest.Must(t, s.AddAttempt(ctx, "one", &a)) // still harmless

	s = open(t, path) // reopened, as another process would
	r.Finished, r.Problem = resultstest.T0.Add(time.Minute), "control cell failed"
	got, err := s.Run(ctx, "one")
	resultstest.Must(t, err)
	if d := cmp.Diff(r, got); d != "" {
		t.Error(d)
	}
	attempts, err := s.Attempts(ctx, "one", resultstest.Key)
	resultstest.Must(t, err)
	if d := cmp.Diff([]results.Attempt{a}, attempts); d != "" {
		t.Error(d)
	}
	a.Output, a.Console = "", ""
	cells, err := s.Cells(ctx, "one")
	resultstest.Must(t, err)
	if d := cmp.Diff([]results.Cell{{Attempt: a, Attempts: 1}}, cells); d != "" {
		t.Error(d)
	}
	runs, err := s.Runs(ctx)
	resultstest.Must(t, err)
	want := []results.RunSummary{{Run: r, Tally: results.Tally{Cells: 1, Verdicts: map[outcome.Verdict]int{outcome.Fail: 1},
		Outcomes: map[outcome.Outcome]int{outcome.Zeroed: 1}, Classes: map[outcome.Class]int{outcome.Deviates: 1}}}}
	if d := cmp.Diff(want, runs); d != "" {
		t.Error(d)
	}
}

func TestStoreRefuses(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(ctx, resultstest.Run("one", 0)))
	first := resultstest.Attempt(resultstest.Key, 1, outcome.Fail, outcome.Zeroed)
	resultstest.Must(t, s.AddAttempt(ctx, "one", &first))
	edit := func(f func(*results.Attempt)) results.Attempt { a := first; f(&a); return a }
	for name, a := range map[string]results.Attempt{
		"verdict":  edit(func(a *results.Attempt) { a.Verdict = outcome.Pass }),
		"outcome":  edit(func(a *results.Attempt) { a.Outcome = outcome.Live }),
		"detail":   edit(func(a *results.Attempt) { a.Detail = "other" }),
		"output":   edit(func(a *results.Attempt) { a.Output = "other" }),
		"console":  edit(func(a *results.Attempt) { a.Console = "" }),
		"duration": edit(func(a *results.Attempt) { a.Duration++ }),
		"finished": edit(func(a *results.Attempt) { a.Finished = resultstest.T0 }),
		"covariate": edit(func(a *results.Attempt) {
			a.Covariates = map[string]string{"folio_order": "9"}
		}),
	} {
		if err := s.AddAttempt(ctx, "one", &a); !errors.Is(err, ErrConflict) {
			t.Errorf("another %s under the same key: %v, want ErrConflict", name, err)
		}
	}
	got, err := s.Attempts(ctx, "one", resultstest.Key)
	resultstest.Must(t, err)
	if d := cmp.Diff([]results.Attempt{first}, got); d != "" {
		t.Errorf("a refused attempt changed the stored one: %s", d)
	}

	other := resultstest.Run("one", 0)
	other.Seed = 2
	if err := s.BeginRun(ctx, other); !errors.Is(err, ErrConflict) {
		t.Errorf("another run under the same id: %v", err)
	}
	for name, a := range map[string]results.Attempt{
		"no kernel":       edit(func(a *results.Attempt) { a.Kernel = "" }),
		"attempt -1":      edit(func(a *results.Attempt) { a.N = -1 }),
		"unknown verdict": edit(func(a *results.Attempt) { a.N, a.Verdict = 2, "passed" }),
	} {
		if err := s.AddAttempt(ctx, "one", &a); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	var unknown *results.RunError
	if err := s.AddAttempt(ctx, "two", &first); !errors.As(err, &unknown) {
		t.Errorf("attempt of an unknown run: %v", err)
	}
	resultstest.Must(t, s.FinishRun(ctx, "one", resultstest.T0.Add(time.Hour), ""))
	if err := s.AddAttempt(ctx, "one", new(edit(func(a *results.Attempt) { a.N = 2 }))); err == nil {
		t.Error("a finished run accepted an attempt")
	}
	if err := s.FinishRun(ctx, "one", resultstest.T0.Add(time.Hour), "problem"); !errors.Is(err, ErrConflict) {
		t.Errorf("finishing again with another problem: %v", err)
	}
}

func TestCellFromAttempts(t *testing.T) {
	const (
		pass  = outcome.Pass
		fail  = outcome.Fail
		infra = outcome.Infra
		crash = outcome.Crash
		skip  = outcome.Skip
	)
	for _, c := range []struct {
		verdicts []outcome.Verdict
		verdict  outcome.Verdict
		n        int // the deciding attempt
		infra    int
		flaky    string
	}{
		{[]outcome.Verdict{pass}, pass, 1, 0, ""},
		{[]outcome.Verdict{infra, pass}, pass, 2, 1, ""},
		{[]outcome.Verdict{fail, infra}, fail, 1, 1, ""},
		{[]outcome.Verdict{infra, infra, infra}, infra, 3, 3, ""},
		{[]outcome.Verdict{fail, pass, infra}, fail, 1, 1, "1/2"},
		{[]outcome.Verdict{fail, pass, pass, pass, pass, pass}, fail, 1, 0, "1/6"},
		{[]outcome.Verdict{pass, crash, fail, pass, infra}, fail, 3, 1, "2/4"},
		{[]outcome.Verdict{fail, skip}, fail, 1, 0, "1/2"},
		{[]outcome.Verdict{pass, crash, fail}, fail, 3, 0, "2/3"},
		{[]outcome.Verdict{fail, crash}, crash, 2, 0, ""},
		{[]outcome.Verdict{skip, skip}, skip, 2, 0, ""},
	} {
		s := fresh(t)
		resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
		// Stored in reverse: the number counts, not the order of insertion.
		for i := len(c.verdicts) - 1; i >= 0; i-- {
			resultstest.Must(t, s.AddAttempt(t.Context(), "r", new(resultstest.Attempt(resultstest.Key, i+1, c.verdicts[i], outcome.None))))
		}
		cells, err := s.Cells(t.Context(), "r")
		resultstest.Must(t, err)
		got := cells[0]
		if len(cells) != 1 || got.Verdict != c.verdict || got.N != c.n || got.Attempts != len(c.verdicts) ||
			got.Infra != c.infra || got.Flaky != c.flaky || len(got.Others) != len(c.verdicts)-1 {
			t.Errorf("%v: %+v", c.verdicts, got)
		}
	}
}

func TestCellsAreInTheOrderOfReports(t *testing.T) {
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
	want := []results.CellKey{
		{Kernel: "6.1.0-56-cloud-amd64", FS: "xfs", Test: "splice.TestA"},
		{Kernel: "6.12~rc1", FS: "ext4", Test: "splice.TestA"},
		{Kernel: "6.12-rc2", FS: "ext4", Test: "splice.TestA"},
		{Kernel: "6.12", FS: "ext4", Test: "splice.TestA"},
		{Kernel: "6.12.9+deb13", FS: "ext4", Test: "splice.TestA/4k"},
		{Kernel: "6.12.9+deb13", FS: "ext4", Test: "splice.TestA/16k"},
		{Kernel: "6.12.9+deb13", FS: "xfs", Test: "splice.TestA/4k"},
		{Kernel: "6.12.10+deb13", FS: "ext4", Test: "splice.TestA"},
		{Kernel: "7.3.4", FS: "ext4", Test: "splice.TestA"},
	}
	for i := len(want) - 1; i >= 0; i-- {
		resultstest.Must(t, s.AddAttempt(t.Context(), "r", new(resultstest.Attempt(want[i], 1, outcome.Pass, outcome.None))))
	}
	cells, err := s.Cells(t.Context(), "r")
	resultstest.Must(t, err)
	var got []results.CellKey
	for _, c := range cells {
		got = append(got, c.CellKey)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOpenExplainsBadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		p := filepath.Join(dir, name)
		resultstest.Must(t, os.WriteFile(p, []byte(content), 0o600))
		return p
	}
	foreign := filepath.Join(dir, "foreign.db")
	sqlExec(t, foreign, "CREATE TABLE t (x)")
	marked := filepath.Join(dir, "marked.db")
	sqlExec(t, marked, "PRAGMA application_id = 7")
	newer := filepath.Join(dir, "newer.db")
	resultstest.Must(t, open(t, newer).write.Ping())
	sqlExec(t, newer, "PRAGMA user_version = 99")
	damaged := filepath.Join(dir, "damaged.db")
	s, err := Open(damaged)
	resultstest.Must(t, err)
	resultstest.Must(t, s.Close())
	b, err := os.ReadFile(damaged)
	resultstest.Must(t, err)
	copy(b[100:], strings.Repeat("\xff", 200))
	resultstest.Must(t, os.WriteFile(damaged, b, 0o600))

	for path, want := range map[string]string{
		write("text", strings.Repeat("this is text\n", 1000)): "is not a results database: name another",
		write("short", "x"):                "is not a results database: name another",
		foreign:                            "database of another program",
		marked:                             "database of another program",
		newer:                              "newer splicelab (schema 99",
		damaged:                            "damaged",
		dir:                                "not a regular file",
		filepath.Join(dir, "text", "r.db"): "name a directory that can be written",
		"/proc/self/results.db":            "must be writable",
	} {
		s, err := Open(path)
		if err == nil {
			t.Errorf("%s: opened", path)
			resultstest.Must(t, s.Close())
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %q; want the path and %q", path, err, want)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "text")); err != nil || !strings.HasPrefix(string(b), "this is text") {
		t.Errorf("a file that is not a database was changed: %v", err)
	}
}

func sqlExec(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	resultstest.Must(t, err)
	_, err = db.Exec(statement)
	resultstest.Must(t, errors.Join(err, db.Close()))
}

func TestConcurrentWritersAndReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	const writers, each = 6, 20
	var wg sync.WaitGroup
	errs := make(chan error, 2*writers)
	for w := range writers {
		wg.Go(func() {
			// A Store each, as in separate processes: only the file is shared.
			s, err := Open(path)
			if err != nil {
				errs <- err
				return
			}
			errs <- errors.Join(record(t.Context(), s, "run", w, each), s.Close())
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		resultstest.Must(t, err)
	}
	cells, err := open(t, path).Cells(t.Context(), "run")
	resultstest.Must(t, err)
	if len(cells) != writers*each {
		t.Errorf("%d cells of %d", len(cells), writers*each)
	}
}

// record records n attempts of writer w, and reads in between.
func record(ctx context.Context, s *Store, id string, w, n int) error {
	if err := s.BeginRun(ctx, resultstest.Run(id, 0)); err != nil {
		return err
	}
	for i := range n {
		k := results.CellKey{Kernel: "6.1", FS: "xfs", Test: "s.Test" + string(rune('A'+w)) + string(rune('a'+i))}
		if err := s.AddAttempt(ctx, id, new(resultstest.Attempt(k, 1, outcome.Pass, outcome.None))); err != nil {
			return err
		}
		if _, err := s.Runs(ctx); err != nil {
			return err
		}
	}
	return nil
}

func TestCancelledContextStoresNothing(t *testing.T) {
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.AddAttempt(ctx, "r", new(resultstest.Attempt(resultstest.Key, 1, outcome.Pass, outcome.None))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	resultstest.Must(t, s.AddAttempt(t.Context(), "r", new(resultstest.Attempt(resultstest.Key, 1, outcome.Fail, outcome.None))))
}
