package nightly

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/results/store"
)

// helperVariable is the environment variable with the helper process's directory.
const helperVariable = "SPLICELAB_TEST_NIGHTLY_DIR"

// TestHelperProcess is the other process of TestRunsDoNotOverlap: a nightly run
// that lasts until its standard input is closed.
func TestHelperProcess(t *testing.T) {
	dir := os.Getenv(helperVariable)
	if dir == "" {
		t.Skip("a helper of TestRunsDoNotOverlap")
	}
	h := newHarnessIn(t, dir)
	h.cells = map[string]string{"A": "pass snapshot"}
	perform := h.tools.run
	h.tools.run = func(ctx context.Context, s *store.Store, begun func(string)) (Performance, error) {
		h.edit = func(*Performance) error {
			fmt.Println("begun")
			_, err := io.Copy(io.Discard, os.Stdin)
			return err
		}
		return perform(ctx, s, begun)
	}
	h.run(t.Context())
	fmt.Println("ended")
}

func startHelper(t *testing.T, dir string) (cmd *exec.Cmd, stdin io.Closer, said *bufio.Reader) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperProcess$", "-test.v")
	cmd.Env = append(os.Environ(), helperVariable+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said = bufio.NewReader(out)
	until(t, said, "begun")
	return cmd, in, said
}

// until reads the other process's output up to a word.
func until(t *testing.T, said *bufio.Reader, word string) {
	t.Helper()
	for {
		line, err := said.ReadString('\n')
		if strings.TrimSpace(line) == word {
			return
		}
		if err != nil {
			t.Fatalf("the other nightly run ended before it was %s: %v", word, err)
		}
	}
}

// Two nightly runs never overlap, the second one's error names the first, and a
// killed one does not block the next but is reported.
func TestRunsDoNotOverlap(t *testing.T) {
	dir := t.TempDir()
	h := newHarnessIn(t, dir)
	other, stdin, said := startHelper(t, dir)

	var busy *BusyError
	_, err := Run(t.Context(), h.cfg, h.tools)
	if !errors.As(err, &busy) || busy.Holder.PID != other.Process.Pid || busy.Holder.Since.IsZero() {
		t.Fatalf("a second nightly run: %v, want a BusyError that names process %d", err, other.Process.Pid)
	}
	run, err := h.store().Run(t.Context(), "unfinished")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{fmt.Sprintf("PID %d, since 20", other.Process.Pid), "run " + run.ID, filepath.Join(h.cfg.State, lockName)} {
		if !strings.Contains(busy.Error(), want) {
			t.Errorf("%q does not have %q", busy, want)
		}
	}
	if h.runs != 0 || len(h.box.got) != 0 {
		t.Errorf("the second nightly run made %d runs and sent %d notifications", h.runs, len(h.box.got))
	}

	// The first finishes: the lock is free, and no run is reported as unfinished.
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, said, "ended")
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	if out := h.run(t.Context()); out.News.Unfinished != "" {
		t.Errorf("a finished run is reported as unfinished: %s", out.News.Unfinished)
	}

	// One is killed.
	other, _, _ = startHelper(t, dir)
	run, err = h.store().Run(t.Context(), "unfinished")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // killed
	before := len(h.box.got)
	out := h.run(t.Context())
	if want := ": 1 of its 1 cells are stored in run " + run.ID; !strings.Contains(out.News.Unfinished, want) {
		t.Errorf("the killed run is reported as %q, want %q", out.News.Unfinished, want)
	}
	if len(h.box.got) != before+1 || !strings.Contains(h.box.got[before].Subject, "the previous run did not finish") {
		t.Errorf("it was not reported: %+v", h.box.got[before:])
	}
	if cells, err := h.store().Cells(t.Context(), run.ID); err != nil || len(cells) != 1 {
		t.Errorf("%d cells of the killed run are stored, %v", len(cells), err)
	}
	if out := h.run(t.Context()); out.News.Unfinished != "" || out.Notified {
		t.Errorf("it is reported again: %s", out.News.Unfinished)
	}
}

func TestCorruptLock(t *testing.T) {
	h := newHarness(t)
	if err := os.MkdirAll(h.cfg.State, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "garbage", "{}", "\x00\x00"} {
		if err := os.WriteFile(filepath.Join(h.cfg.State, lockName), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if out := h.run(t.Context()); out.News.Unfinished != "" || len(out.News.Problems) > 0 {
			t.Errorf("%q: %q, %q", content, out.News.Unfinished, out.News.Problems)
		}
	}
	// A corrupt memory is reported, and everything else is reported again.
	if err := os.WriteFile(filepath.Join(h.cfg.State, memoryName), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := h.run(t.Context()); !out.Notified || len(out.News.Problems) != 1 || !strings.Contains(out.News.Problems[0], memoryName) {
		t.Errorf("notified %t, problems %q", out.Notified, out.News.Problems)
	}
}
