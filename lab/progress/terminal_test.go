package progress

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/ptytest"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// newTerminal is a pseudo-terminal, and a channel of what is written to it.
func newTerminal(t *testing.T, columns uint16) (tty *os.File, shown <-chan string) {
	t.Helper()
	master, tty := ptytest.Open(t, 24, columns)
	out := make(chan string, 1024)
	go func() {
		defer close(out)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			if n > 0 {
				out <- string(buf[:n])
			}
			if err != nil {
				return // the terminal was closed
			}
		}
	}()
	return tty, out
}

// awaitText reads until the terminal has shown text.
func awaitText(t *testing.T, shown <-chan string, text string) (all string) {
	t.Helper()
	late := time.After(time.Minute)
	for !strings.Contains(all, text) {
		select {
		case s, ok := <-shown:
			if !ok {
				t.Fatalf("the terminal was closed before it showed %q:\n%q", text, all)
			}
			all += s
		case <-late:
			t.Fatalf("a minute, and %q is not shown:\n%q", text, all)
		}
	}
	return all
}

var control = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// On a terminal there is one line that is redrawn, never wider than the terminal,
// never blank between two updates, and removed at the end; other output scrolls
// above it.
func TestProgressOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	const columns = 44
	tty, shown := newTerminal(t, columns)
	p := New(tty)
	if !p.terminal {
		t.Fatal("a terminal is not recognised")
	}
	p.Event(sched.Event{Kind: sched.Planned, Total: 20, Kernels: 3})
	all := awaitText(t, shown, "0 of 3 kernels, 0 of 20 cells")
	crash := results.Attempt{Verdict: outcome.Crash, Detail: "kernel BUG \x1b[2J", CellKey: results.CellKey{Kernel: "6.12", FS: "xfs", Test: "s.T"}}
	p.Event(sched.Event{Kind: sched.Finished, Cell: crash.CellKey, Attempt: crash, Done: 1, Total: 20, Kernels: 3})
	all += awaitText(t, shown, "6.12 xfs s.T")
	for i := range 18 {
		p.Event(sched.Event{Kind: sched.Finished, Attempt: results.Attempt{Verdict: outcome.Pass}, Done: i + 2, Total: 20, Kernels: 3, KernelsDone: 2, Retries: 4})
	}
	all += awaitText(t, shown, "2 of 3 kernels, 19 of 20 cells")
	p.Close()
	fmt.Fprintln(tty, "the end")
	all += awaitText(t, shown, "the end")
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all, "\x1b[2J") {
		t.Error("a guest's escape sequence got to the terminal")
	}
	for line := range strings.Lines(control.ReplaceAllString(all, "")) {
		line = strings.Trim(line, "\r\n")
		if strings.Contains(line, " cells") && runewidth.StringWidth(line) > columns {
			t.Errorf("%d columns on a terminal of %d: %q", runewidth.StringWidth(line), columns, line)
		}
	}
	for _, drawing := range strings.Split(all, "\x1b[J")[1:] {
		if drawing == "" || strings.HasPrefix(drawing, "\r") || strings.HasPrefix(drawing, "\x1b") {
			t.Errorf("the line was cleared without being redrawn, so it flickers:\n%q", all)
		}
	}
	if !strings.HasSuffix(all, "\x1b[Jthe end\r\n") {
		t.Errorf("the line is not removed at the end:\n%q", all)
	}
}
