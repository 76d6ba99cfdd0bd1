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

	"splicelab/results"
)

// TestInterrupt sends what Ctrl-C sends to a run whose only cell never ends:
// the run stops at once, is stored as one that cannot be trusted, and leaves
// no QEMU behind.
func TestInterrupt(t *testing.T) {
	if os.Getenv("SPLICELAB_VM_TESTS") != "1" {
		t.Skip("SPLICELAB_VM_TESTS=1 not set: boots real kernels")
	}
	kernel, guest := vmKernel("6.12"), vmGuest()
	if kernel == "" || guest == "" {
		t.Skip("SPLICELAB_TEST_KERNELS has no 6.12, or the guest programs are not built")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := &exec.Cmd{
		Path: self,
		Args: []string{"splicelab", "run", "-k", "file:" + kernel, "-f", "tmpfs", "-t", "selftest.TestHangInterruptible", "--accel", "tcg", "--cell-timeout", "1h", "--silence-timeout", "1h"},
		Dir:  dir,
		Env:  []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "SPLICELAB_GUEST_DIR=" + guest, "SPLICELAB_STATE=" + dir},
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	said := bufio.NewReader(stderr)
	for {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatalf("the run ended before it began: %v", err)
		}
		if strings.Contains(line, " cells") {
			break
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) })
	defer hung.Stop()
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitLab {
		t.Errorf("exit: %v, want code %d; it said:\n%s", err, exitLab, rest)
	}
	if !strings.Contains(string(rest), "splicelab: interrupt: stopping") {
		t.Errorf("the signal is not acknowledged:\n%s", rest)
	}

	store, err := results.Open(filepath.Join(dir, "results.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	run, err := store.Run(t.Context(), "latest")
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
