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

// houseVariable names, for a process that a test starts, where it holds a night
// that does not end by itself.
const houseVariable = "SPLICELAB_TEST_NIGHT"

// TestNightInAnotherProcess is the other process of TestOneNightAtATime.
func TestNightInAnotherProcess(t *testing.T) {
	dir := os.Getenv(houseVariable)
	if dir == "" {
		t.Skip("it is a part of TestOneNightAtATime")
	}
	h := houseIn(t, dir)
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
	h.night(t.Context())
	fmt.Println("ended")
}

func otherNight(t *testing.T, dir string) (cmd *exec.Cmd, stdin io.Closer, said *bufio.Reader) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNightInAnotherProcess$", "-test.v")
	cmd.Env = append(os.Environ(), houseVariable+"="+dir)
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

// until reads the other process's words up to one.
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

// Two nights never overlap, the second says who is in its way, and a killed
// one is neither in the way nor forgotten.
func TestOneNightAtATime(t *testing.T) {
	dir := t.TempDir()
	h := houseIn(t, dir)
	other, stdin, said := otherNight(t, dir)

	var busy *BusyError
	_, err := Run(t.Context(), h.cfg, h.tools)
	if !errors.As(err, &busy) || busy.Holder.PID != other.Process.Pid || busy.Holder.Since.IsZero() {
		t.Fatalf("a second nightly run: %v, want a BusyError that names process %d", err, other.Process.Pid)
	}
	run, err := h.store().Run(t.Context(), "latest")
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

	// The first ends: the way is free, and nothing was left unfinished.
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, said, "ended")
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	if out := h.night(t.Context()); out.News.Unfinished != "" {
		t.Errorf("a finished run is reported as unfinished: %s", out.News.Unfinished)
	}

	// One is killed.
	other, _, _ = otherNight(t, dir)
	run, err = h.store().Run(t.Context(), "latest")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // killed
	before := len(h.box.got)
	out := h.night(t.Context())
	if want := ": 1 of its 1 cells are stored in run " + run.ID; !strings.Contains(out.News.Unfinished, want) {
		t.Errorf("the killed run is reported as %q, want %q", out.News.Unfinished, want)
	}
	if len(h.box.got) != before+1 || !strings.Contains(h.box.got[before].Subject, "the previous run did not finish") {
		t.Errorf("it was not reported: %+v", h.box.got[before:])
	}
	if cells, err := h.store().Cells(t.Context(), run.ID); err != nil || len(cells) != 1 {
		t.Errorf("%d cells of the killed run are stored, %v", len(cells), err)
	}
	if out := h.night(t.Context()); out.News.Unfinished != "" || out.Notified {
		t.Errorf("it is reported again: %s", out.News.Unfinished)
	}
}

func TestLockThatCannotBeRead(t *testing.T) {
	h := newHouse(t)
	if err := os.MkdirAll(h.cfg.State, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"", "garbage", "{}", "\x00\x00"} {
		if err := os.WriteFile(filepath.Join(h.cfg.State, lockName), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if out := h.night(t.Context()); out.News.Unfinished != "" || len(out.News.Problems) > 0 {
			t.Errorf("%q: %q, %q", content, out.News.Unfinished, out.News.Problems)
		}
	}
	// A corrupt memory is reported, and so is everything else again.
	if err := os.WriteFile(filepath.Join(h.cfg.State, memoryName), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := h.night(t.Context()); !out.Notified || len(out.News.Problems) != 1 || !strings.Contains(out.News.Problems[0], memoryName) {
		t.Errorf("notified %t, problems %q", out.Notified, out.News.Problems)
	}
}
