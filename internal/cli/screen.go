package cli

import (
	"io"
	"strconv"

	"golang.org/x/term"

	"github.com/splicelab/splicelab/internal/input"
)

// Screen is what a stream can show.
type Screen struct {
	Terminal bool
	// Width and Height are in characters. They are 0 where there is no end.
	Width, Height int
	// Colour says that colours were asked for, or that they are seen.
	Colour bool
}

// The values of --color.
const (
	ColorAuto   = "auto"
	ColorAlways = "always"
	ColorNever  = "never"
)

// Colors lists the values of --color.
var Colors = []string{ColorAuto, ColorAlways, ColorNever}

// colorFlag is a --color that accepts its values only.
type colorFlag struct{ when *string }

// ColorFlag makes *when the value of a flag: auto, always or never.
func ColorFlag(when *string) interface {
	String() string
	Set(string) error
	Type() string
} {
	*when = ColorAuto
	return colorFlag{when}
}

func (f colorFlag) String() string {
	if f.when == nil {
		return ""
	}
	return *f.when
}

func (colorFlag) Type() string { return "string" }

func (f colorFlag) Set(s string) error {
	switch s {
	case ColorAuto, ColorAlways, ColorNever:
		*f.when = s
		return nil
	}
	return input.Errorf("use auto, always or never")
}

// ScreenOf examines a stream. when is the value of --color. The environment is
// used as follows, the first that applies.
//
// Colours: --color always or never; none if NO_COLOR is set; colours if
// CLICOLOR_FORCE or FORCE_COLOR is set, but none if FORCE_COLOR is 0; none if
// CLICOLOR is 0; else colours on a terminal that is not dumb. An empty variable
// is not set, and CLICOLOR_FORCE=0 is not either.
//
// Width: COLUMNS if it is a number; the terminal's.
func ScreenOf(w io.Writer, when string, getenv func(string) string) Screen {
	var s Screen
	if f, ok := w.(interface{ Fd() uintptr }); ok && term.IsTerminal(int(f.Fd())) {
		s.Terminal = true
		if width, height, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.Width, s.Height = width, height
		}
	}
	if width, err := strconv.Atoi(getenv("COLUMNS")); err == nil && width > 0 {
		s.Width = width
	}
	s.Colour = colours(when, getenv, s.Terminal)
	return s
}

func colours(when string, getenv func(string) string, terminal bool) bool {
	force := getenv("FORCE_COLOR")
	off := force == "0" || force == "false"
	switch {
	case when == ColorAlways:
		return true
	case when == ColorNever, getenv("NO_COLOR") != "":
		return false
	case getenv("CLICOLOR_FORCE") != "" && getenv("CLICOLOR_FORCE") != "0", force != "" && !off:
		return true
	case off, getenv("CLICOLOR") == "0":
		return false
	}
	return terminal && getenv("TERM") != "dumb"
}
