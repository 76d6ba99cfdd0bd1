// Package palette is the one palette of results: which colour an outcome, a
// verdict and a class have in a terminal and on a page, light and dark. A
// snapshot is green, an alias yellow, a zeroed range blue; what every policy
// forbids is some red, and so is an outcome that nobody knows.
package palette

import (
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// Colour is one colour of the palette.
type Colour struct {
	// SGR are the parameters of ANSI's "select graphic rendition".
	SGR string
	// Light and Dark are the backgrounds on a page, as CSS colours. The page's
	// text has a contrast of at least 4.5 to 1 on them.
	Light, Dark string
}

var (
	green = Colour{"32", "#cdeee2", "#00493a"}
	amber = Colour{"33", "#f7e58c", "#5f5300"}
	red   = Colour{"1;31", "#f6a58f", "#8c2a12"}

	unknown = Colour{"7;31", "#ff9d94", "#96201a"}
)

var outcomes = map[outcome.Outcome]Colour{
	outcome.Snapshot:      green,
	outcome.Live:          amber,
	outcome.Zeroed:        {"94", "#c4e3f8", "#14496b"},
	outcome.Torn:          {"35", "#e6d0f5", "#55306d"},
	outcome.Blocked:       {"36", "#d5d9f7", "#333a78"},
	outcome.Dropped:       {"38;5;137", "#e8dcc8", "#54452a"},
	outcome.Error:         {"38;5;109", "#d9e2e6", "#37474f"},
	outcome.Short:         {"1;38;5;208", "#f7b58c", "#93430b"},
	outcome.Extra:         {"1;38;5;215", "#f5c39a", "#7d4a12"},
	outcome.PhantomZero:   red,
	outcome.Moved:         {"1;38;5;204", "#f5a3b5", "#8a1f45"},
	outcome.Stale:         {"1;38;5;167", "#e8a0a0", "#7a2f2f"},
	outcome.ConsumerWrite: {"1;38;5;199", "#f08fa8", "#9c1f3a"},
	outcome.Foreign:       {"1;38;5;196", "#ff8a80", "#a31515"},
}

// Outcome is the colour of o; ok is false for outcome.None, which has none.
func Outcome(o outcome.Outcome) (c Colour, ok bool) {
	if o == outcome.None {
		return Colour{}, false
	}
	if c, ok = outcomes[o]; !ok {
		c = unknown
	}
	return c, true
}

var classes = map[outcome.Class]Colour{
	outcome.Passes:    green,
	outcome.Deviates:  amber,
	outcome.Violates:  red,
	outcome.Skips:     {"2", "#ebebe8", "#2c3136"},
	outcome.Undecided: {"1;36", "#bfeaea", "#0f4d4d"},
}

// Class is the colour of c.
func Class(c outcome.Class) Colour {
	if colour, ok := classes[c]; ok {
		return colour
	}
	return unknown
}

var verdicts = map[outcome.Verdict]Colour{
	outcome.Pass:     green,
	outcome.Fail:     red,
	outcome.Skip:     classes[outcome.Skips],
	outcome.Crash:    {"1;97;41", "#6b2d5c", "#e0a3cb"},
	outcome.Hang:     {"1;97;48;5;94", "#7a3b00", "#e8b56a"},
	outcome.BootFail: {"1;97;48;5;52", "#4a2d6b", "#c3a3e0"},
	outcome.Infra:    classes[outcome.Undecided],
}

// Verdict is the colour of a verdict without an outcome. Those of a crash, a
// hang and a failed boot are dark on the light page and light on the dark one:
// their text has the page's background colour.
func Verdict(v outcome.Verdict) Colour {
	if c, ok := verdicts[v]; ok {
		return c
	}
	return unknown
}

// CSS declares the palette as custom properties: --o-live, --v-crash,
// --c-deviates and so on, light by default and dark where the page says so.
func CSS() string {
	light, dark := new(strings.Builder), new(strings.Builder)
	add := func(name string, c Colour) {
		fmt.Fprintf(light, " --%s: %s;", name, c.Light)
		fmt.Fprintf(dark, " --%s: %s;", name, c.Dark)
	}
	for _, o := range outcome.All {
		c, _ := Outcome(o)
		add("o-"+string(o), c)
	}
	add("o-unknown", unknown)
	for _, v := range outcome.Verdicts {
		add("v-"+string(v), Verdict(v))
	}
	for _, c := range outcome.Classes {
		add("c-"+string(c), Class(c))
	}
	return fmt.Sprintf(":root {%s }\n:root[data-theme=\"dark\"] {%s }\n@media (prefers-color-scheme: dark) {\n  :root:not([data-theme=\"light\"]) {%s }\n}\n",
		light, dark, dark)
}
