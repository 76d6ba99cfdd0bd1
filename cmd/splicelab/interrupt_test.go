package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/store"
)

// TestInterrupt sends what Ctrl-C sends to a run whose only cell never ends:
// the run stops at once, is stored as one that cannot be trusted, and leaves
// no QEMU behind.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	cmd := runOnKernel(t, dir, "selftest.TestHangInterruptible", "--cell-timeout", "1h", "--silence-timeout", "1h")
	var out strings.Builder
	cmd.Stdout = &out
	said := startRun(t, cmd)
	defer func() { _ = cmd.Process.Kill() }()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	defer hung.Stop()
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exit.Lab {
		t.Errorf("exit: %v, want code %d; it said:\n%s", err, exit.Lab, rest)
	}
	if !strings.Contains(string(rest), "splicelab: interrupt: stopping") {
		t.Errorf("the signal is not acknowledged:\n%s", rest)
	}

	if !strings.Contains(out.String(), "resume with: splicelab run --resume ") {
		t.Errorf("it is not said how to resume the run:\n%s", out.String())
	}

	store, err := store.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	run, err := store.Run(t.Context(), "unfinished")
	if err != nil {
		t.Fatal(err)
	}
	if run.Problem == "" {
		t.Error("the interrupted run is stored without a problem")
	}
	// Everything of the run was below dir: a QEMU that lives has it open.
	if left := processesUsing(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestKilledWhileATemplateIsMade does to a run what nothing can be done
// against. It leaves no QEMU behind, and the run can be resumed.
func TestKilledWhileATemplateIsMade(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "own")
	run := func() *exec.Cmd {
		cmd := runOnKernel(t, dir, "splice.TestWrite/small-clean", "--policy", "alias")
		cmd.Env = append(cmd.Env, "SPLICELAB_CACHE="+cache)
		return cmd
	}
	cmd := run()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	parts := filepath.Join(cache, "templates", "*.part", "memory")
	eventually(t, "a template is being made", func() bool {
		found, err := filepath.Glob(parts)
		return err == nil && len(found) > 0
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, "QEMU has ended", func() bool { return len(processesUsing(t, dir)) == 0 })
	if left, err := filepath.Glob(parts); err != nil || len(left) == 0 {
		t.Fatalf("nothing half-made was left to be in the way: %v", err)
	}

	again := run()
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("the next run: %v\n%s", err, out)
	}
	if left, err := filepath.Glob(parts); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	store, err := store.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for ref, want := range map[string]bool{"latest": true, "unfinished": false} {
		r, err := store.Run(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := store.Cells(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if whole := len(cells) == r.Planned && !r.Finished.IsZero(); whole != want {
			t.Errorf("%s: %d of %d cells, finished %s; want it whole: %t", ref, len(cells), r.Planned, r.Finished, want)
		}
		for _, c := range cells {
			if c.Verdict != outcome.Pass || c.Attempts != 1 {
				t.Errorf("%s: %s: %s (%s) after %d attempts", ref, c.Test, c.Verdict, c.Detail, c.Attempts)
			}
		}
	}
}

// eventually waits for something that another process brings about.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(2 * time.Minute); !is(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("two minutes, and not yet: %s", what)
		}
	}
}

// runOnKernel is a run of tests on a real kernel, whose results are below dir.
func runOnKernel(t *testing.T, dir, tests string, more ...string) *exec.Cmd {
	t.Helper()
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" {
		t.Skip("SPLICELAB_VM_TESTS=1 not set: boots real kernels")
	}
	kernel, guest := vmKernel("6.12"), vmGuest()
	if kernel == "" || guest == "" {
		t.Skip("SPLICELAB_TEST_KERNELS has no 6.12, or the guest programs are not built")
	}
	return &exec.Cmd{
		Path: splicelabBinary(t),
		Args: append([]string{"splicelab", "run", "-k", "file:" + kernel, "-f", "tmpfs", "-t", tests, "--accel", "tcg"}, more...),
		Dir:  dir,
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SPLICELAB_GUEST_DIR=" + guest, "SPLICELAB_STATE=" + dir,
			"SPLICELAB_CACHE=" + linkCache(t, dir),
		},
	}
}

// startRun starts a command and waits until its run has been planned. It
// returns the rest of its standard error.
func startRun(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(stderr)
	for {
		line, err := said.ReadString('\n')
		if err != nil {
			_ = cmd.Process.Kill()
			t.Fatalf("%s ended before its run started: %v", cmd.Args[1], err)
		}
		if strings.Contains(line, " cells") {
			return said
		}
	}
}

// processesUsing lists the command lines that name dir.
func processesUsing(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(line), dir) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
