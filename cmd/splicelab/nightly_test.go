package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/results/changes"
)

// inbox is a webhook's receiver.
type inbox struct {
	url       string
	documents chan changes.Document
	tokens    chan string
}

func newInbox(t *testing.T) inbox {
	t.Helper()
	in := inbox{documents: make(chan changes.Document, 16), tokens: make(chan string, 16)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var d changes.Document
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in.documents <- d
		in.tokens <- r.Header.Get("Authorization")
	}))
	t.Cleanup(server.Close)
	in.url = server.URL
	return in
}

// next is what came, and nil when nothing did.
func (in inbox) next() *changes.Document {
	select {
	case d := <-in.documents:
		return &d
	default:
		return nil
	}
}

// night runs splicelab nightly with everything below dir, and returns its exit
// code and what it printed.
func night(t *testing.T, dir string, in inbox, args ...string) (code int, stdout string) {
	t.Helper()
	cmd := &exec.Cmd{Path: splicelabBinary(t), Args: append([]string{"splicelab", "nightly"}, args...), Dir: dir}
	cmd.Env = append(os.Environ(), "HOME="+dir, "SPLICELAB_STATE="+dir, "SPLICELAB_CACHE="+linkCache(t, dir), "SPLICELAB_NIGHTLY_MIN_FREE=0",
		"SPLICELAB_NIGHTLY_NOTIFY_WEBHOOK="+in.url, "SPLICELAB_NIGHTLY_NOTIFY_TOKEN=t0ken")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	t.Logf("exit code %d; it said:\n%s", cmd.ProcessState.ExitCode(), said.String())
	return cmd.ProcessState.ExitCode(), string(out)
}

// A night that cannot even list its tests is told, by a real webhook, and once.
func TestNightlyTellsAWebhook(t *testing.T) {
	in, dir := newInbox(t), t.TempDir()
	t.Setenv("SPLICELAB_GUEST_DIR", dir)
	code, out := night(t, dir, in)
	d := in.next()
	if code != exit.Lab || d == nil {
		t.Fatalf("exit code %d, and the webhook got %v", code, d)
	}
	if token := <-in.tokens; token != "Bearer t0ken" {
		t.Errorf("token %q", token)
	}
	if d.Status != changes.StatusLab || d.Subject != "nothing was run, 1 problem" || len(d.Problems) != 1 || !strings.Contains(d.Text, d.Problems[0]) || !strings.Contains(out, "PROBLEM: ") {
		t.Errorf("it got %+v, and standard output %q", d, out)
	}
	if code, out := night(t, dir, in); code != exit.Lab || out != "" || in.next() != nil {
		t.Errorf("again: exit code %d, and it is told again: %q", code, out)
	}
	// An address that is none is found out before anything is done.
	in.url += "/%zz"
	if code, _ := night(t, dir, in); code != exit.Usage {
		t.Errorf("an address that is none: exit code %d", code)
	}
}

// On a real kernel: a night in progress keeps others out, kill -9 frees it, and
// the next night tells what became of it.
func TestNightlyKilled(t *testing.T) {
	in, dir := newInbox(t), t.TempDir()
	cmd := runOnKernel(t, dir, "selftest.TestHangInterruptible", "--cell-timeout", "1h", "--silence-timeout", "1h")
	cmd.Args[1] = "nightly"
	cmd.Env = append(cmd.Env, "SPLICELAB_NIGHTLY_MIN_FREE=0")
	startRun(t, cmd)
	defer func() { _ = cmd.Process.Kill() }()
	args := cmd.Args[2:8] // kernel, filesystem and tests
	t.Setenv("SPLICELAB_GUEST_DIR", vmGuest())
	busy := exec.CommandContext(t.Context(), cmd.Path)
	busy.Args, busy.Dir, busy.Env = append([]string{"splicelab", "nightly"}, args...), dir, cmd.Env
	out, _ := busy.CombinedOutput()
	if want := fmt.Sprintf("a nightly run (PID %d, since ", cmd.Process.Pid); busy.ProcessState.ExitCode() != exit.Lab || !strings.Contains(string(out), want) || !strings.Contains(string(out), "run 20") {
		t.Errorf("a second night: exit code %d, and it does not say who is in its way:\n%s", busy.ProcessState.ExitCode(), out)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, "QEMU has ended", func() bool { return len(processesUsing(t, dir)) == 0 })

	args[len(args)-1] = "splice.TestControl"
	code, _ := night(t, dir, in, append(args, "--accel", "tcg")...)
	d := in.next()
	if code != exit.OK || d == nil || !strings.Contains(d.Unfinished, "did not finish: ") || !strings.Contains(d.Unfinished, " cells are stored in run 20") {
		t.Errorf("exit code %d, and the webhook got %+v", code, d)
	}
}
