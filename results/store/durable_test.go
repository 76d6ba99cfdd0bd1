package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/resultstest"
)

// childEnv makes this test binary the process that TestKill kills: the value is
// the store's path.
const childEnv = "RESULTS_TEST_STORE"

// TestChild is a helper process, not a test: it adds attempts until it is
// killed, and prints the number of each once the store has acknowledged it.
func TestChild(t *testing.T) {
	path := os.Getenv(childEnv)
	if path == "" {
		t.Skip("only runs as the child of TestKillLosesNothingAcknowledged")
	}
	s, err := Open(path)
	resultstest.Must(t, err)
	for n := 1; ; n++ {
		if err := s.AddAttempt(t.Context(), "r", new(resultstest.Attempt(resultstest.Key, n, outcome.Pass, outcome.Snapshot))); err != nil {
			t.Fatal(err)
		}
		fmt.Println("acknowledged", n)
	}
}

func TestKillLosesNothingAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	s := open(t, path)
	resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
	for round := range 3 {
		// Every round starts over, so earlier attempts are repeats, which is harmless.
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		out, err := cmd.StdoutPipe()
		resultstest.Must(t, err)
		resultstest.Must(t, cmd.Start())
		last, enough := 0, 40*(round+1)+round
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			text, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
			if !ok {
				t.Fatalf("child: %s", lines.Text())
			}
			last, err = strconv.Atoi(text)
			resultstest.Must(t, err)
			if last == enough {
				resultstest.Must(t, cmd.Process.Kill()) // SIGKILL; lines already written are still read
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child exited unexpectedly")
		}
		if last < enough {
			t.Fatalf("the child exited after %d attempts", last)
		}
		attempts, err := s.Attempts(t.Context(), "r", resultstest.Key)
		resultstest.Must(t, err)
		if len(attempts) < last {
			t.Errorf("%d attempts stored, %d were acknowledged", len(attempts), last)
		}
		var check string
		resultstest.Must(t, s.read.QueryRow("PRAGMA integrity_check").Scan(&check))
		if check != "ok" {
			t.Errorf("integrity: %s", check)
		}
	}
}

func TestFullDiskLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("cannot mount a small tmpfs (needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("umount: %v", err)
		}
	})
	s, err := Open(filepath.Join(dir, "r.db"))
	resultstest.Must(t, err)
	t.Cleanup(func() { resultstest.Must(t, s.Close()) })
	resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
	// Space that is freed later.
	ballast := filepath.Join(dir, "ballast")
	resultstest.Must(t, os.WriteFile(ballast, make([]byte, 1<<20), 0o600))
	big := func(n int) results.Attempt {
		a := resultstest.Attempt(resultstest.Key, n, outcome.Fail, outcome.Zeroed)
		a.Console = strings.Repeat("console line\n", 4000)
		return a
	}
	stored := 0
	for ; stored < 1000; stored++ {
		if err = s.AddAttempt(t.Context(), "r", new(big(stored+1))); err != nil {
			break
		}
	}
	if err == nil {
		t.Fatal("the disk never filled up")
	}
	if !strings.Contains(err.Error(), "free") || !strings.Contains(err.Error(), s.Path()) {
		t.Errorf("error does not name the file and the remedy: %v", err)
	}
	attempts, err := s.Attempts(t.Context(), "r", resultstest.Key)
	resultstest.Must(t, err)
	if len(attempts) != stored || stored == 0 {
		t.Errorf("%d attempts stored, %d were acknowledged", len(attempts), stored)
	}
	resultstest.Must(t, os.Remove(ballast))
	resultstest.Must(t, s.AddAttempt(t.Context(), "r", new(big(stored+1)))) // continues with the same store
}

func TestAddAttemptLatency(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: measures the disk")
	}
	s := fresh(t)
	resultstest.Must(t, s.BeginRun(t.Context(), resultstest.Run("r", 0)))
	var took []time.Duration
	for n := range 200 {
		a := resultstest.Attempt(resultstest.Key, n+1, outcome.Pass, outcome.Snapshot)
		a.Output = strings.Repeat("output line\n", 100)
		from := time.Now()
		resultstest.Must(t, s.AddAttempt(t.Context(), "r", &a))
		took = append(took, time.Since(from))
	}
	slices.Sort(took)
	t.Logf("AddAttempt: median %v, 99%% %v", took[100], took[198])
	// Generous: the disk may be busy.
	if took[100] > 50*time.Millisecond {
		t.Errorf("median %v", took[100])
	}
}
