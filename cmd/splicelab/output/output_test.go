package output

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/ptytest"
	"github.com/splicelab/splicelab/results/terminal"
)

// plainEnvironment hides the settings of whoever runs the tests.
func plainEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{"COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"} {
		t.Setenv(name, "")
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("SPLICELAB_PAGER", "sed s/^/paged:/")
}

// toFile is an output whose standard output is a file, with these flags.
func toFile(t *testing.T, flags ...string) (o *Output, written func() string) {
	t.Helper()
	plainEnvironment(t)
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	o = parsed(t, file, flags)
	return o, func() string {
		t.Helper()
		b, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

// toTerminal is an output whose standard output is a terminal of 10 lines and 100
// columns. shown ends it.
func toTerminal(t *testing.T, flags ...string) (o *Output, shown func() string) {
	t.Helper()
	plainEnvironment(t)
	master, tty := ptytest.Open(t, 10, 100)
	all := make(chan string)
	go func() {
		b, _ := io.ReadAll(master) // ends with EIO when the other end is closed
		all <- strings.ReplaceAll(string(b), "\r\n", "\n")
	}()
	return parsed(t, tty, flags), func() string {
		_ = tty.Close()
		return <-all
	}
}

// parsed is the output of a command with these flags.
func parsed(t *testing.T, stdout *os.File, flags []string) *Output {
	t.Helper()
	o := &Output{Stdout: cli.NewOutput(stdout), Stderr: new(bytes.Buffer)}
	root := &cobra.Command{Run: func(*cobra.Command, []string) {}}
	o.DrawingFlags(root)
	o.WideFlag(root)
	root.SetArgs(flags)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestHumanOut(t *testing.T) {
	file, _ := toFile(t)
	if file.HumanOut(false) != io.Writer(file.Stdout) || file.HumanOut(true) != file.Stderr {
		t.Error("text is not written to stdout, or mixed with a document in it")
	}
	// On a terminal nobody but the user reads the document either.
	tty, shown := toTerminal(t)
	if tty.HumanOut(true) != io.Writer(tty.Stdout) {
		t.Error("on a terminal text and document belong together")
	}
	shown()
}

func TestTerminalOptions(t *testing.T) {
	type options struct {
		Width       int
		Color, Wide bool
	}
	for _, c := range []struct {
		name   string
		to     func(*testing.T, ...string) (*Output, func() string)
		flags  []string
		matrix options
		list   options
		rows   int
	}{
		{"file", toFile, nil, options{80, false, false}, options{80, false, true}, 0},
		{"file, colours", toFile, []string{"--color", "always"}, options{80, true, false}, options{80, true, true}, 0},
		{"file, wide", toFile, []string{"--wide"}, options{80, false, true}, options{80, false, true}, 0},
		{"terminal", toTerminal, nil, options{100, true, false}, options{100, true, false}, 40},
		{"terminal, no colours", toTerminal, []string{"--color", "never"}, options{100, false, false}, options{100, false, false}, 40},
		{"terminal, wide", toTerminal, []string{"--wide"}, options{100, true, true}, options{100, true, true}, 40},
		// Without a pager the screen is as wide as before.
		{"terminal, no pager", toTerminal, []string{"--no-pager"}, options{100, true, false}, options{100, true, false}, 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, end := c.to(t, c.flags...)
			defer end()
			of := func(t terminal.Options) options { return options{t.Width, t.Color, t.Wide} }
			matrix := o.TerminalOptions(o.Stdout)
			if got := of(matrix); got != c.matrix {
				t.Errorf("matrix: %+v, want %+v", got, c.matrix)
			}
			if got := of(o.AsList(matrix)); got != c.list {
				t.Errorf("list: %+v, want %+v", got, c.list)
			}
			if got := o.MapRows(); got != c.rows {
				t.Errorf("rows of a map: %d, want %d", got, c.rows)
			}
			// What is no file is no screen, whatever standard output is.
			if got := o.TerminalOptions(new(bytes.Buffer)).Width; got != plainWidth {
				t.Errorf("a buffer is %d columns wide", got)
			}
		})
	}
}

// COLUMNS is a screen's width where there is no screen.
func TestColumns(t *testing.T) {
	o, _ := toFile(t)
	t.Setenv("COLUMNS", "120")
	if got := o.AsList(o.TerminalOptions(o.Stdout)); got.Width != 120 || got.Wide {
		t.Errorf("%+v, want a width of 120", got)
	}
}

func TestDraw(t *testing.T) {
	lines := func(prefix string, n int) string { return strings.Repeat(prefix+"line\n", n) }
	for _, c := range []struct {
		name  string
		to    func(*testing.T, ...string) (*Output, func() string)
		flags []string
		lines int
		want  string
	}{
		{"file", toFile, nil, 50, lines("", 50)},
		{"fits the screen", toTerminal, nil, 5, lines("", 5)},
		{"longer than the screen", toTerminal, nil, 50, lines("paged:", 50)},
		{"no pager", toTerminal, []string{"--no-pager"}, 50, lines("", 50)},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, shown := c.to(t, c.flags...)
			err := o.Draw(t.Context(), func(w io.Writer, _ terminal.Options) error {
				_, err := io.WriteString(w, lines("", c.lines))
				return err
			})
			if got := shown(); err != nil || got != c.want {
				t.Errorf("%v: %q", err, got)
			}
		})
	}
}

// The part that was drawn before an error may say where it is.
func TestDrawUpToAnError(t *testing.T) {
	o, written := toFile(t)
	unreadable := errors.New("unreadable")
	err := o.Draw(t.Context(), func(w io.Writer, _ terminal.Options) error {
		_, _ = io.WriteString(w, "the first row\n")
		return unreadable
	})
	if got := written(); !errors.Is(err, unreadable) || got != "the first row\n" {
		t.Errorf("%v after %q", err, got)
	}
}

func TestDrawReportsALostWrite(t *testing.T) {
	plainEnvironment(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	o := parsed(t, full, nil)
	err = o.Draw(t.Context(), func(w io.Writer, _ terminal.Options) error {
		_, err := io.WriteString(w, "x")
		return err
	})
	if err == nil || o.Stdout.Err() == nil {
		t.Errorf("a write to a full disk: %v, %v", err, o.Stdout.Err())
	}
}
