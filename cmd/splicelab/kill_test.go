package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// How often TestKilledAtRandomMoments kills, and the seed of its moments, for
// who wants more of them or the same once more.
const (
	killsEnv    = "SPLICELAB_KILLS"
	killSeedEnv = "SPLICELAB_KILL_SEED"
	killsUsual  = 1
)

// killTests are a dozen cells with the control cells. Under the strict policy
// one of them fails on every kernel, and is retried.
const killTests = `^splice\.Test(PunchHolePage|TruncateToZero)/|^splice\.TestWrite/small-clean$`

// TestKilledAtRandomMoments kills runs with what nothing can be done against,
// and resumes each until it is whole: then it is what an undisturbed run is,
// nothing is lost, and nothing counted twice.
func TestKilledAtRandomMoments(t *testing.T) {
	kills := envNumber(t, killsEnv, killsUsual)
	seed := uint64(envNumber(t, killSeedEnv, int(rand.Uint32())))
	t.Logf("%d kills; the moments are those of %s=%d", kills, killSeedEnv, seed)
	for i, isolation := range []string{"cell", "vm"} {
		t.Run(isolation, func(t *testing.T) {
			k := &killed{T: t, dir: t.TempDir(), isolation: isolation, random: rand.New(rand.NewPCG(seed, uint64(i)))}
			k.undisturbed()
			for n := kills/2 + kills%2*(1-i); n > 0; {
				n -= k.untilWhole(n)
			}
		})
	}
}

// killed is a store with runs of one plan.
type killed struct {
	*testing.T
	dir       string
	isolation string
	random    *rand.Rand
	wanted    map[results.CellKey]string // what the cells of an undisturbed run came to
	took      time.Duration              // by that run
}

func (k *killed) command(more ...string) *exec.Cmd {
	return runOnKernel(k.T, k.dir, killTests, append([]string{"--policy", "snapshot", "--retry-failures", "1", "--isolation", k.isolation, "-j", "2"}, more...)...)
}

// undisturbed makes the run that all others are compared with.
func (k *killed) undisturbed() {
	k.Helper()
	if k.isolation == "cell" {
		if err := k.run(k.command("--seed", "1")); err != nil { // makes the templates
			k.Fatal(err)
		}
	}
	began := time.Now()
	if err := k.run(k.command("--seed", "1")); err != nil {
		k.Fatal(err)
	}
	k.took = time.Since(began)
	k.with(func(s *store.Store) error {
		run, err := s.Run(k.Context(), "latest")
		k.wanted = k.came(s, run)
		return err
	})
	retried := 0
	for _, came := range k.wanted {
		if came[0] == '2' {
			retried++
		}
	}
	if len(k.wanted) < 10 || retried == 0 {
		k.Fatalf("the undisturbed run has %d cells, %d of them retried: too few to be worth killing", len(k.wanted), retried)
	}
}

// run runs a command to its end. That cells fail is no error.
func (k *killed) run(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err != nil && cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == exit.Failed {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w; it said:\n%s", err, &said)
	}
	return nil
}

// untilWhole begins a run, and kills and resumes it until nothing is left of
// it; after most kills it is left alone. It returns how often it was killed.
func (k *killed) untilWhole(most int) (kills int) {
	k.Helper()
	before := k.runs()
	seen := map[string]results.Attempt{}
	var run results.Run
	for {
		cmd := k.command("--seed", "1")
		if run.ID != "" {
			cmd.Args = []string{"splicelab", "run", "--resume", "-j", "2"}
		}
		if kills == most {
			if err := k.run(cmd); err != nil {
				k.Fatal(err)
			}
		} else if k.kill(cmd, len(seen)) {
			kills++
		}
		k.intact()
		fresh := slices.DeleteFunc(k.runs(), func(r results.Run) bool {
			return slices.ContainsFunc(before, func(b results.Run) bool { return b.ID == r.ID })
		})
		switch {
		case len(fresh) > 1:
			k.Fatalf("%d runs: one was begun where one was to be resumed", len(fresh))
		case len(fresh) == 0:
			if kills == most {
				k.Fatal("a run that nobody killed is not in the store")
			}
			continue // killed before it began
		}
		run = fresh[0]
		if k.look(run, seen) {
			return kills
		}
		if kills == most && cmd.ProcessState.Exited() {
			k.Fatalf("run %s exited without being finished", run.ID)
		}
	}
}

// kill starts a command and kills it at a moment that chance chooses: after
// some time, or as soon as the store has some more attempts. It reports whether
// the command was still there. stored is how many attempts the store has.
func (k *killed) kill(cmd *exec.Cmd, stored int) bool {
	k.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // a failed test leaves no run behind
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	moment := make(<-chan time.Time)
	more := 0 // attempts to wait for
	if k.random.IntN(2) == 0 {
		moment = time.After(time.Duration(k.random.Int64N(int64(k.took))))
	} else {
		more = 1 + k.random.IntN(len(k.wanted)/2)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var err error
waiting:
	for {
		select {
		case err = <-ended:
			break waiting
		case <-moment:
		case <-tick.C:
			if more == 0 || k.storedAttempts() < stored+more {
				continue
			}
		}
		_ = cmd.Process.Kill() // it may just have ended
		err = <-ended
		break
	}
	eventually(k.T, "QEMU has ended", func() bool { return len(processesUsing(k.T, k.dir)) == 0 })
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return true
	}
	if code := cmd.ProcessState.ExitCode(); code != exit.OK && code != exit.Failed {
		k.Fatalf("a run that was not killed ended with %d (%v):\n%s", code, err, &said)
	}
	return false
}

// database opens the results file beside the store, as nobody's writer.
func (k *killed) database() *sql.DB {
	k.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(k.dir, "results.db")+"?_pragma=busy_timeout(30000)&_pragma=query_only(1)")
	if err != nil {
		k.Fatal(err)
	}
	return db
}

// storedAttempts is how many attempts the newest unfinished run has; 0 if there is
// none.
func (k *killed) storedAttempts() int {
	db := k.database()
	defer func() { _ = db.Close() }()
	var n int
	if err := db.QueryRow(`SELECT COUNT(*) FROM attempt WHERE run = (SELECT id FROM run WHERE finished = 0 ORDER BY started DESC LIMIT 1)`).Scan(&n); err != nil {
		k.Fatal(err)
	}
	return n
}

// intact makes sure that the file is.
func (k *killed) intact() {
	k.Helper()
	db := k.database()
	defer func() { _ = db.Close() }()
	var check string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&check); err != nil || check != "ok" {
		k.Fatalf("integrity of the results file: %s, %v", check, err)
	}
}

// with opens the store for f and closes it again: the next process finds what
// the last one left, and not what this one keeps open.
func (k *killed) with(f func(*store.Store) error) {
	k.Helper()
	store, err := store.Open(filepath.Join(k.dir, "results.db"))
	if err == nil {
		err = errors.Join(f(store), store.Close())
	}
	if err != nil {
		k.Fatal(err)
	}
}

func (k *killed) runs() (runs []results.Run) {
	k.Helper()
	k.with(func(s *store.Store) error {
		all, err := s.Runs(k.Context())
		for _, r := range all {
			runs = append(runs, r.Run)
		}
		return err
	})
	return runs
}

// look checks what the store has of a run against what it had before, and when
// it is whole against what an undisturbed run came to.
func (k *killed) look(run results.Run, seen map[string]results.Attempt) (whole bool) {
	k.Helper()
	var now map[string]results.Attempt
	k.with(func(s *store.Store) error {
		_, ended, err := s.Plan(k.Context(), run.ID)
		whole = ended && !run.Finished.IsZero()
		now = k.attempts(s, run)
		return err
	})
	for name, a := range seen {
		if diff := cmp.Diff(a, now[name]); diff != "" {
			k.Fatalf("attempt %s was stored, and is lost or changed (-before +after):\n%s", name, diff)
		}
	}
	maps.Copy(seen, now)
	if !whole {
		return false
	}
	if run.Problem != "" {
		k.Errorf("run %s has a problem: %s", run.ID, run.Problem)
	}
	k.with(func(s *store.Store) error {
		if diff := cmp.Diff(k.wanted, k.came(s, run)); diff != "" {
			k.Errorf("run %s differs from an undisturbed one (-undisturbed +killed):\n%s", run.ID, diff)
		}
		return nil
	})
	return true
}

// attempts are all of a run, by cell and number.
func (k *killed) attempts(s *store.Store, run results.Run) map[string]results.Attempt {
	k.Helper()
	cells, err := s.Cells(k.Context(), run.ID)
	if err != nil {
		k.Fatal(err)
	}
	all := map[string]results.Attempt{}
	for _, c := range cells {
		attempts, err := s.Attempts(k.Context(), run.ID, c.CellKey)
		if err != nil {
			k.Fatal(err)
		}
		for i, a := range attempts {
			if a.N != i+1 {
				k.Fatalf("%s: attempt %d is numbered %d", c.CellKey, i+1, a.N)
			}
			all[fmt.Sprint(a.CellKey, " ", a.N)] = a
		}
	}
	return all
}

// came counts the attempts of each cell by result: those that say something
// about the kernel. The lab may fail some on a busy machine, and retries them.
func (k *killed) came(s *store.Store, run results.Run) map[results.CellKey]string {
	k.Helper()
	cells, err := s.Cells(k.Context(), run.ID)
	if err != nil {
		k.Fatal(err)
	}
	if len(cells) != run.Planned {
		k.Errorf("run %s has %d cells of %d", run.ID, len(cells), run.Planned)
	}
	came := map[results.CellKey]string{}
	for _, c := range cells {
		if c.Verdict == outcome.Infra {
			k.Errorf("run %s: %s has no verdict: %s", run.ID, c.CellKey, c.Detail)
		}
		came[c.CellKey] = fmt.Sprintf("%d attempts: %s %s %s", c.Attempts-c.Infra, c.Verdict, c.Outcome, c.Flaky)
	}
	return came
}

// envNumber is the number in an environment variable.
func envNumber(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: a number from 1 on is wanted", name, text)
	}
	return n
}
