package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

func TestPlanIsStored(t *testing.T) {
	ctx := t.Context()
	s := fresh(t)
	unfinished := func(want ...string) {
		t.Helper()
		runs, err := s.Unfinished(ctx)
		resultstest.Must(t, err)
		if len(runs) != len(want) {
			t.Fatalf("%d runs are unfinished, want %q", len(runs), want)
		}
		for i, r := range runs {
			if r.ID != want[i] {
				t.Errorf("unfinished %d is %s, want %s", i, r.ID, want[i])
			}
		}
	}
	without := resultstest.Run("without", 0)
	resultstest.Must(t, s.BeginRun(ctx, without))
	unfinished() // without a plan it cannot be resumed
	for i, id := range []string{"first", "second"} {
		r := resultstest.Run(id, time.Duration(i+1)*time.Minute)
		r.Plan = "the plan of " + id
		resultstest.Must(t, s.BeginRun(ctx, r))
		resultstest.Must(t, s.BeginRun(ctx, r)) // harmless
	}
	unfinished("second", "first")
	for id, want := range map[string]string{"first": "the plan of first", "without": "", "nothing": ""} {
		if got, ended, err := s.Plan(ctx, id); got != want || ended || err != nil {
			t.Errorf("plan of %s: %q, ended %t, %v; want %q", id, got, ended, err, want)
		}
	}

	// Stopped: finished, with pending cells. Killed before FinishRun: no
	// pending cells, but it has to be finished.
	resultstest.Must(t, s.FinishRun(ctx, "first", time.Now(), "interrupted"))
	resultstest.Must(t, s.EndPlan(ctx, "second"))
	unfinished("second", "first")
	resultstest.Must(t, s.FinishRun(ctx, "second", time.Now(), ""))
	unfinished("first")
	resultstest.Must(t, s.ResumeRun(ctx, "second"))
	unfinished("second", "first")

	// The plan is removed with its run.
	removed, err := s.Prune(ctx, resultstest.T0.Add(24*365*time.Hour))
	resultstest.Must(t, err)
	if len(removed) != 3 {
		t.Errorf("removed %q", removed)
	}
	unfinished()
	if got, _, err := s.Plan(ctx, "first"); got != "" || err != nil {
		t.Errorf("the plan of a removed run: %q, %v", got, err)
	}
}

// A run's duration excludes pauses.
func TestPausesDoNotCount(t *testing.T) {
	ctx := t.Context()
	hour := time.Hour
	for name, c := range map[string]struct {
		seen   time.Duration // end of the last attempt, before now; 0: none
		ended  time.Duration // end of the run, before now; 0: it was killed
		paused time.Duration
	}{
		"stopped":                {3 * hour, 2 * hour, 2 * hour},
		"killed":                 {3 * hour, 0, 3 * hour},
		"killed before any cell": {0, 0, 10 * hour},
		"the clock was set back": {-hour, 0, 0},
	} {
		s := fresh(t)
		now := time.Now()
		r := resultstest.Run("r", 0)
		r.Started = now.Add(-10 * hour)
		resultstest.Must(t, s.BeginRun(ctx, r))
		if c.seen != 0 {
			a := resultstest.Attempt(resultstest.Key, 1, outcome.Pass, outcome.Snapshot)
			a.Finished = now.Add(-c.seen)
			resultstest.Must(t, s.AddAttempt(ctx, "r", &a))
		}
		if c.ended != 0 {
			resultstest.Must(t, s.FinishRun(ctx, "r", now.Add(-c.ended), "interrupted"))
		}
		resultstest.Must(t, s.ResumeRun(ctx, "r"))
		got, err := s.Run(ctx, "r")
		resultstest.Must(t, err)
		if off := got.Paused - c.paused; off < 0 || off > time.Minute {
			t.Errorf("%s: paused %s, want %s", name, got.Paused, c.paused)
		}
		if got.Took() != 0 || got.Problem != "" || !got.Started.Equal(r.Started) {
			t.Errorf("%s: resumed as %+v", name, got)
		}
		resultstest.Must(t, s.FinishRun(ctx, "r", now.Add(hour), ""))
		got, err = s.Run(ctx, "r")
		resultstest.Must(t, err)
		if want := 11*hour - got.Paused; got.Took() != want {
			t.Errorf("%s: took %s, want %s", name, got.Took(), want)
		}
	}
}

// TestHolder is a helper process, not a test: it holds a run's lock until it is
// killed.
func TestHolder(t *testing.T) {
	path := os.Getenv("RESULTS_TEST_HOLD")
	if path == "" {
		t.Skip("only runs as the child of TestRunIsLocked")
	}
	s, err := Open(path)
	resultstest.Must(t, err)
	release, err := s.LockRun("r")
	resultstest.Must(t, err)
	defer release()
	if _, err := os.Stdout.WriteString("held\n"); err != nil {
		t.Fatal(err)
	}
	<-t.Context().Done()
}

func TestRunIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	s := open(t, path)
	other := open(t, path)
	running := func(id string, want bool) {
		t.Helper()
		if all, err := other.Running(); all.Has(id) != want || err != nil {
			t.Errorf("run %s is running: %t, %v; want %t", id, !want, err, want)
		}
	}
	running("r", false)
	release, err := s.LockRun("r")
	resultstest.Must(t, err)
	running("r", true)
	running("another", false)
	var held *results.RunningError
	if _, err := other.LockRun("r"); !errors.As(err, &held) {
		t.Errorf("locked twice: %v", err)
	}
	again, err := other.LockRun("another")
	resultstest.Must(t, err)
	again()

	// Many locks are all found, in whatever order they were taken and released.
	var many []func()
	for i := range 50 {
		release, err := []*Store{s, other}[i%2].LockRun(fmt.Sprint("run ", i))
		resultstest.Must(t, err)
		many = append(many, release)
	}
	for i := 0; i < len(many); i += 3 {
		many[i]()
	}
	all, err := other.Running()
	resultstest.Must(t, err)
	if want := 1 + len(many) - (len(many)+2)/3; len(all) != want || !slices.IsSorted(all) {
		t.Errorf("%d runs in progress, want %d, in order: %v", len(all), want, all)
	}
	for i, release := range many {
		running(fmt.Sprint("run ", i), i%3 != 0)
		if i%3 != 0 {
			release()
		}
	}

	release()
	running("r", false)

	// A lock on more than one run's byte does not cause an endless loop.
	f, err := os.OpenFile(path+".running", os.O_RDWR, 0)
	resultstest.Must(t, err)
	for _, all := range []unix.Flock_t{{Type: unix.F_WRLCK, Start: 10, Len: 1 << 40}, {Type: unix.F_WRLCK}} {
		resultstest.Must(t, unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &all))
		if got, err := other.Running(); len(got) != 1 || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	resultstest.Must(t, f.Close())

	// A killed process leaves no lock behind.
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHolder$")
	cmd.Env = append(os.Environ(), "RESULTS_TEST_HOLD="+path)
	out, err := cmd.StdoutPipe()
	resultstest.Must(t, err)
	resultstest.Must(t, cmd.Start())
	word := make([]byte, 5)
	if _, err := out.Read(word); err != nil || string(word) != "held\n" {
		t.Fatalf("the child printed %q: %v", word, err)
	}
	running("r", true)
	resultstest.Must(t, cmd.Process.Kill())
	_ = cmd.Wait() // killed
	running("r", false)
	release, err = s.LockRun("r")
	resultstest.Must(t, err)
	release()
}
