package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/splicelab/splicelab/internal/confine"
	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

func TestMain(m *testing.M) {
	testscript.Main(withTestCache{m}, map[string]func(){"splicelab": main})
}

// TestScripts runs testdata/script: each file is a session at a terminal, and
// shows how the command line behaves. None needs a network or an archive of
// the host's; those that boot a kernel are skipped where there is none.
func TestScripts(t *testing.T) {
	archive := newArchive(t)
	bin := t.TempDir()
	if err := os.Symlink(splicelabBinary(t), filepath.Join(bin, "splicelab")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("ARCHIVE", archive.url)
			e.Setenv("KEYRING", archive.keyring)
			e.Setenv("NOWHERE", closedAddress(t))
			e.Setenv("ONLYBIN", bin)
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
			if cache, err := os.UserCacheDir(); err == nil {
				e.Setenv("HOST_GOCACHE", cmp.Or(os.Getenv("GOCACHE"), filepath.Join(cache, "go-build")))
			}
			e.Setenv("VM_KERNEL", vmKernel("6.12"))
			e.Setenv("VM_OLD_KERNEL", vmKernel("5.10"))
			e.Setenv("VM_GUEST", vmGuest())
			e.Setenv("VM_CACHE", testCache)
			return os.Mkdir(home, 0o755)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"store":   storeRuns,
			"runs":    storeListed,
			"stopped": stoppedRuns,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "embedded":
				_, err := guestbin.Embedded(runtime.GOARCH)
				return err == nil, nil
			case "landlock":
				return confine.LandlockVersion() > 0, nil
			case "mountns":
				return exec.CommandContext(t.Context(), "unshare", "-m", "true").Run() == nil, nil
			case "vm":
				return os.Getenv("SPLICELAB_VM_TESTS") == "1" && vmKernel("6.12") != "" && vmGuest() != "", nil
			}
			return false, errors.New("unknown condition " + name)
		},
	})
}

// exits runs a program and demands its exit code: exits CODE PROGRAM ARGS….
// A result that is only "not 0" would hide a usage error behind a lab error.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("running %s: %v", args[1], err)
	}
	if got != want {
		ts.Fatalf("exit code is %d, want %d", got, want)
	}
}

// storeRuns puts two runs into the store below a state directory: store DIR.
func storeRuns(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: store DIR")
	}
	ctx := context.Background()
	store, err := store.Open(filepath.Join(ts.MkAbs(args[0]), "results.db"))
	ts.Check(err)
	defer func() { ts.Check(store.Close()) }()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for i, id := range []string{"20260102-120000-one", "20260102-130000-two"} {
		started := noon.Add(time.Duration(i) * time.Hour)
		ts.Check(store.BeginRun(ctx, results.Run{
			ID: id, Started: started, Policy: outcome.PolicySnapshot, Accel: "tcg", Seed: 7, Planned: 3,
			Command: []string{"splicelab", "run"}, Conditions: map[string]string{"qemu": "7.2." + strconv.Itoa(i)},
		}))
		for _, a := range sampleAttempts(i) {
			a.N, a.Finished, a.Duration = 1, started.Add(time.Minute), 20*time.Millisecond
			ts.Check(store.AddAttempt(ctx, id, &a))
		}
		ts.Check(store.FinishRun(ctx, id, started.Add(time.Minute), ""))
	}
}

// sampleAttempts are the cells of a run: in the second, one more fails.
func sampleAttempts(second int) []results.Attempt {
	key := func(test string) results.CellKey {
		return results.CellKey{Kernel: "6.12.90-test", FS: "xfs", Test: "demo." + test}
	}
	changed := results.Attempt{
		CellKey: key("TestChange"), Kind: outcome.Characterisation, Verdict: outcome.Pass, Outcome: outcome.Snapshot,
		Covariates: map[string]string{"folio_order": "4"}, Output: "all \x1b[31mred\x1b[0m\n",
	}
	if second == 1 {
		changed.Verdict, changed.Outcome, changed.Detail = outcome.Fail, outcome.Zeroed, "0 at offset 0"
	}
	return []results.Attempt{
		{CellKey: key("TestCount"), Kind: outcome.Invariant, Verdict: outcome.Pass},
		changed,
		{CellKey: key("TestReflink"), Kind: outcome.Invariant, Verdict: outcome.Skip, Detail: "no reflink"},
	}
}

// closedAddress is an address on this machine that nobody listens on.
func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// vmKernel is the image of a kernel of the series in SPLICELAB_TEST_KERNELS,
// or "".
func vmKernel(series string) string {
	dir := os.Getenv("SPLICELAB_TEST_KERNELS")
	for _, pattern := range []string{"boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz"} {
		if found, _ := filepath.Glob(filepath.Join(dir, series+".*", pattern)); dir != "" && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// vmGuest is the directory of the guest programs that the build made, or "".
func vmGuest() string {
	dir := os.Getenv("SPLICELAB_GUEST_DIR")
	if dir == "" {
		dir = "../../bin/guest"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(filepath.Join(dir, "agent")); err != nil {
		return ""
	}
	return dir
}
