package program

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var suite = kit.Suite{Name: "program", Tests: []kit.Test{declared}}

var declared = kit.Test{
	Name: "TestProgram", ID: "program", Family: "program", Kind: outcome.Characterisation,
	Doc:    "A user program: it passes if it exits with 0, skips with 77, and may print \"outcome: WORD\".",
	Steps:  []string{"starts the program in a directory on the filesystem under test", "waits for it"},
	Oracle: "the program",
	Fault:  kit.FaultObservation,
	Guest:  true,
}

func TestMain(m *testing.M) { os.Exit(kit.Main(m, suite)) }

func TestProgram(t *testing.T) {
	kit.Run(t, declared, func(c *kit.Cell) {
		path, err := filepath.Abs(protocol.ProgramFile)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			c.Skip("there is no program to run: %v", err)
		}
		said := &limited{left: mostOutput}
		cmd := exec.CommandContext(t.Context(), path)
		cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir(), said, said
		err = cmd.Run()
		t.Logf("%s", said.text.String())
		conclude(c, said.text.String(), err)
	})
}

// conclude derives a result from a program's output and exit status.
func conclude(c *kit.Cell, said string, err error) {
	c.T.Helper()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		c.Infra("start the program: %v", err)
	case code(exit) == Skipped:
		c.Skip("%s", lastLine(said, "the program reports that it cannot run here"))
	}
	if word, ok := declaredOutcome(said); ok {
		c.Record(kit.Finding{Outcome: word, Detail: lastLine(said, "")})
	}
	if n := c.Saw(code(exit)); n != 0 {
		c.T.Errorf("the program exited with %d: %s", n, lastLine(said, "it printed nothing"))
	}
}

// code is a program's exit status, or minus the number of the signal that killed
// it.
func code(exit *exec.ExitError) int64 {
	if exit == nil {
		return 0
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return -int64(status.Signal())
	}
	return int64(exit.ExitCode())
}

// declaredOutcome is the word of the last outcome line.
func declaredOutcome(said string) (found outcome.Outcome, ok bool) {
	for line := range strings.Lines(said) {
		word, is := strings.CutPrefix(strings.TrimSpace(line), "outcome: ")
		for _, o := range outcome.All {
			if is && string(o) == word {
				found, ok = o, true
			}
		}
	}
	return found, ok
}

// lastLine is the last line that is not an outcome line.
func lastLine(text, otherwise string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if l := strings.TrimSpace(lines[i]); l != "" && !strings.HasPrefix(l, "outcome: ") {
			return l
		}
	}
	return otherwise
}

// mostOutput is how much of a program's output is kept, in bytes.
const mostOutput = 64 << 10

// limited keeps the start of what is written to it.
type limited struct {
	text bytes.Buffer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	n := min(len(b), l.left)
	l.left -= n
	l.text.Write(b[:n])
	return len(b), nil
}

func TestDeclaredOutcome(t *testing.T) {
	for text, want := range map[string]outcome.Outcome{
		"":                                     outcome.None,
		"outcome: zeroed\n":                    outcome.Zeroed,
		"x\n outcome: live\noutcome: nothing":  outcome.Live,
		"outcome: live\noutcome: snapshot\nok": outcome.Snapshot,
		"the outcome: live":                    outcome.None,
	} {
		if got, ok := declaredOutcome(text); got != want || ok != (want != outcome.None) {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
	if got := lastLine("a\nb\noutcome: live\n\n", "c"); got != "b" {
		t.Errorf("last line %q", got)
	}
}
