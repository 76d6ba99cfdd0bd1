package terminal

import (
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/palette"
)

// What the palette, which is about kernels, does not colour: cells about which
// the user has an expectation, and cells that are not steady.
const (
	sgrFlaky      = "1;33"
	sgrExpected   = "34"
	sgrUnexpected = "1;7;32"
)

// The first character of the mark of a deviation that the policy accepts, of
// XFAIL and of XPASS.
const (
	markDeviates   = ":"
	markExpected   = "e"
	markUnexpected = "+"
)

// mark is the two characters of a cell: its state and, if there is one, the
// outcome. Marks are distinct without colour.
func mark(c *results.Cell) string {
	state, letter := markParts(c)
	return state + letter
}

func markParts(c *results.Cell) (state, letter string) {
	letter = c.Outcome.Letter()
	switch c.Expected {
	case results.XFail:
		if c.Verdict != outcome.Fail {
			letter = results.VerdictMark(c.Verdict)[:1] // of a crash: e!
		}
		return markExpected, letter
	case results.XPass:
		return markUnexpected, letter
	}
	switch c.Verdict {
	case outcome.Pass:
		if c.Class() == outcome.Deviates {
			return markDeviates, letter
		}
		return ".", letter
	case outcome.Fail:
		return "x", letter
	}
	return results.VerdictMark(c.Verdict), ""
}

// painted is the mark in colours: the state in that of the class, the letter in
// that of the outcome.
func painted(c *results.Cell, color bool) string {
	state, letter := markParts(c)
	if letter == " " {
		return paint(color, stateColour(c), state) + letter
	}
	return paint(color, stateColour(c), state) + paint(color, letterColour(c), letter)
}

func stateColour(c *results.Cell) string {
	switch c.Expected {
	case results.XFail:
		return sgrExpected
	case results.XPass:
		return sgrUnexpected
	}
	if c.Verdict == outcome.Pass || c.Verdict == outcome.Fail {
		return palette.Class(c.Class()).SGR
	}
	return palette.Verdict(c.Verdict).SGR
}

// sgrProblem is the colour of what makes a run useless.
func sgrProblem() string { return palette.Class(outcome.Violates).SGR }
