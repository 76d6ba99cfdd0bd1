package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/ptytest"
)

// paged is what a terminal of ten lines shows of so many lines.
func paged(t *testing.T, lines int, env map[string]string, s func(*Screen)) string {
	t.Helper()
	master, slave := ptytest.Open(t, 10, 80)
	shown := make(chan string)
	go func() {
		b, _ := io.ReadAll(master) // ends with EIO when the other end is closed
		shown <- strings.ReplaceAll(string(b), "\r\n", "\n")
	}()
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	screen := ScreenOf(slave, ColorAuto, environment(nil))
	if s != nil {
		s(&screen)
	}
	if err := NewOutput(slave).Page(t.Context(), []byte(strings.Repeat("line\n", lines)), screen, lookup); err != nil {
		t.Errorf("%v: %v", env, err)
	}
	_ = slave.Close()
	return <-shown
}

func TestPager(t *testing.T) {
	type vars = map[string]string
	sed := func(mark string) string { return "sed s/^/" + mark + ":/" }
	for name, c := range map[string]struct {
		lines int
		env   vars
		want  string // of each line; empty: nothing
	}{
		"SPLICELAB_PAGER first":       {20, vars{"SPLICELAB_PAGER": sed("ours"), "PAGER": sed("theirs")}, "ours:line\n"},
		"then PAGER":                  {20, vars{"PAGER": sed("theirs")}, "theirs:line\n"},
		"as long as the screen":       {10, vars{"PAGER": sed("p")}, "p:line\n"},
		"with space for the prompt":   {9, vars{"PAGER": sed("p")}, "line\n"},
		"an empty one is none":        {20, vars{"SPLICELAB_PAGER": "", "PAGER": sed("p")}, "line\n"},
		"cat is none":                 {20, vars{"PAGER": "cat"}, "line\n"},
		"a shell command":             {20, vars{"PAGER": `test "$LESS$LV" = FRX-c && sed s/^/less:/`}, "less:line\n"},
		"LESS of the user is kept":    {20, vars{"LESS": "", "LV": "", "PAGER": `test "$LESS$LV" = FRX-c || sed s/^/own:/`}, "own:line\n"},
		"one that is left at once":    {60000, vars{"PAGER": "true"}, ""},
		"one that fails":              {20, vars{"PAGER": "exit 3"}, ""},
		"one that reads a line":       {60000, vars{"PAGER": "head -n 1"}, ""},
		"one that cannot be found":    {20, vars{"PAGER": "no-such-pager 2>/dev/null"}, "line\n"},
		"one that cannot be executed": {20, vars{"PAGER": "/dev/null 2>&-"}, "line\n"},
	} {
		got := paged(t, c.lines, c.env, nil)
		want := strings.Repeat(c.want, c.lines)
		if name == "one that reads a line" {
			want = "line\n"
		}
		if got != want {
			t.Errorf("%s: %.200q, want %.200q", name, got, want)
		}
	}
}

func TestNoPager(t *testing.T) {
	if got := paged(t, 20, map[string]string{"PAGER": "false"}, func(s *Screen) { s.Terminal = false }); got != strings.Repeat("line\n", 20) {
		t.Errorf("without a pager: %q", got)
	}
	// What is no terminal has none.
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("line\n"), 500)
	lookup := func(string) (string, bool) { return "false", true }
	if err := NewOutput(file).Page(t.Context(), text, ScreenOf(file, ColorAuto, environment(nil)), lookup); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file.Name()); err != nil || !bytes.Equal(got, text) {
		t.Errorf("a file: %.100q %v", got, err)
	}
}
