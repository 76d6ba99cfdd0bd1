package cli

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/ptytest"
)

// environment is a getenv of these variables.
func environment(set map[string]string) func(string) string {
	return func(name string) string { return set[name] }
}

// TestColours has the precedence of flag, environment and terminal.
func TestColours(t *testing.T) {
	type vars = map[string]string
	for _, c := range []struct {
		when     string
		env      vars
		terminal bool
		want     bool
	}{
		{ColorAuto, nil, true, true},
		{ColorAuto, nil, false, false},
		{ColorAuto, vars{"TERM": "dumb"}, true, false},
		{ColorAuto, vars{"CLICOLOR": "0"}, true, false},
		{ColorAuto, vars{"CLICOLOR": "1"}, false, false},
		{ColorAuto, vars{"NO_COLOR": "1"}, true, false},
		{ColorAuto, vars{"NO_COLOR": ""}, true, true},
		{ColorAuto, vars{"CLICOLOR_FORCE": "1"}, false, true},
		{ColorAuto, vars{"CLICOLOR_FORCE": "0"}, false, false},
		{ColorAuto, vars{"CLICOLOR_FORCE": ""}, false, false},
		{ColorAuto, vars{"CLICOLOR_FORCE": "1", "TERM": "dumb", "CLICOLOR": "0"}, false, true},
		{ColorAuto, vars{"FORCE_COLOR": "1"}, false, true},
		{ColorAuto, vars{"FORCE_COLOR": "true"}, false, true},
		{ColorAuto, vars{"FORCE_COLOR": "3"}, false, true},
		{ColorAuto, vars{"FORCE_COLOR": "0"}, true, false},
		{ColorAuto, vars{"FORCE_COLOR": "false"}, true, false},
		{ColorAuto, vars{"FORCE_COLOR": ""}, true, true},
		{ColorAuto, vars{"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{ColorAlways, vars{"NO_COLOR": "1", "TERM": "dumb", "FORCE_COLOR": "0"}, false, true},
		{ColorNever, vars{"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
	} {
		if got := colours(c.when, environment(c.env), c.terminal); got != c.want {
			t.Errorf("--color %s, %v, terminal %t: %t", c.when, c.env, c.terminal, got)
		}
	}
}

func TestColorFlag(t *testing.T) {
	var when string
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.Var(ColorFlag(&when), "color", "")
	if when != ColorAuto {
		t.Errorf("the default is %q", when)
	}
	for _, value := range Colors {
		if err := flags.Parse([]string{"--color", value}); err != nil || when != value {
			t.Errorf("%s: %q %v", value, when, err)
		}
	}
	if err := flags.Parse([]string{"--color=blue"}); err == nil || when != ColorNever {
		t.Errorf("blue is accepted: %q %v", when, err)
	}
}

func TestScreenOf(t *testing.T) {
	for columns, want := range map[string]int{"": 0, "132": 132, "60": 60, "0": 0, "-5": 0, "wide": 0} {
		got := ScreenOf(new(bytes.Buffer), ColorAuto, environment(map[string]string{"COLUMNS": columns}))
		if d := cmp.Diff(Screen{Width: want}, got); d != "" {
			t.Errorf("COLUMNS=%s: %s", columns, d)
		}
	}
	_, screen := ptytest.Open(t, 30, 100)
	none := environment(nil)
	if d := cmp.Diff(Screen{Terminal: true, Width: 100, Height: 30, Colour: true}, ScreenOf(screen, ColorAuto, none)); d != "" {
		t.Error(d)
	}
	if got := ScreenOf(screen, ColorAuto, environment(map[string]string{"COLUMNS": "70"})); got.Width != 70 || got.Height != 30 {
		t.Errorf("COLUMNS on a terminal: %+v", got)
	}
}
