package palette

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// Every outcome has a colour of its own, in a terminal and on both pages, and
// the colours that people remember are those.
func TestOutcomesDiffer(t *testing.T) {
	for _, of := range []func(Colour) string{
		func(c Colour) string { return c.SGR }, func(c Colour) string { return c.Light }, func(c Colour) string { return c.Dark },
	} {
		seen := map[string]outcome.Outcome{}
		for _, o := range append(append([]outcome.Outcome{}, outcome.All...), "nonsense") {
			c, ok := Outcome(o)
			if !ok {
				t.Errorf("%q has no colour", o)
			}
			if other, dup := seen[of(c)]; dup {
				t.Errorf("%q and %q have the colour %q", o, other, of(c))
			}
			seen[of(c)] = o
		}
	}
	for o, want := range map[outcome.Outcome]string{outcome.Snapshot: "32", outcome.Live: "33", outcome.Zeroed: "94", outcome.PhantomZero: "1;31", "nonsense": "7;31"} {
		if c, _ := Outcome(o); c.SGR != want {
			t.Errorf("%q is drawn with %q, want %q", o, c.SGR, want)
		}
	}
	if _, ok := Outcome(outcome.None); ok {
		t.Error("no outcome has a colour")
	}
}

// A verdict or class that was forgotten would be drawn as unknown.
func TestNothingIsForgotten(t *testing.T) {
	for _, v := range outcome.Verdicts {
		if Verdict(v) == unknown {
			t.Errorf("verdict %s has no colour", v)
		}
	}
	for _, c := range outcome.Classes {
		if Class(c) == unknown {
			t.Errorf("class %s has no colour", c)
		}
	}
	for _, name := range []string{"--o-phantom-zero:", "--o-unknown:", "--v-boot-fail:", "--c-violation:"} {
		if n := strings.Count(CSS(), name); n != 3 {
			t.Errorf("%s is declared %d times, want for light, dark and the system's choice", name, n)
		}
	}
}

// Text is readable on every colour: WCAG 2.2, 1.4.3 wants 4.5 to 1.
func TestContrast(t *testing.T) {
	const lightText, darkText, lightPage, darkPage = "#1b1b1b", "#e9e9e5", "#ffffff", "#15181a" // of base.css
	check := func(name string, c Colour, inverse bool) {
		t.Helper()
		onLight, onDark := lightText, darkText
		if inverse {
			onLight, onDark = lightPage, darkPage
		}
		for colour, text := range map[string]string{c.Light: onLight, c.Dark: onDark} {
			if r := contrast(t, colour, text); r < 4.5 {
				t.Errorf("%s: text %s on %s has a contrast of %.2f", name, text, colour, r)
			}
		}
	}
	for o, c := range outcomes {
		check(string(o), c, false)
	}
	for c, colour := range classes {
		check(string(c), colour, false)
	}
	for v, c := range verdicts {
		check(string(v), c, v == outcome.Crash || v == outcome.Hang || v == outcome.BootFail)
	}
	check("unknown", unknown, false)
}

// contrast is the contrast ratio of two colours as WCAG defines it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}
