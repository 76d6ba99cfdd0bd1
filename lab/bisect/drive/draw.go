package drive

import (
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/outcome"
)

// draw shows the line of kernels, oldest series first: a letter for each that
// was tried, a dot for each that was not, and a bar at the boundary.
func (p *packageAnswer) draw(w io.Writer, colour bool) {
	sides := p.sides()
	legend := map[string]string{}
	var rows []string
	var row strings.Builder
	series := ""
	flush := func() {
		if series != "" {
			rows = append(rows, fmt.Sprintf("  %-6s %s", series, row.String()))
		}
		row.Reset()
	}
	for i, e := range p.line {
		if e.Series() != series {
			flush()
			series = e.Series()
		}
		if p.none == nil && i == p.boundary.FirstBad.Index {
			row.WriteString("|")
		}
		side, tried := sides[i]
		if !tried {
			row.WriteString("·")
			continue
		}
		mark := p.dominant(e.Release, side)
		letter := markLetter(mark)
		legend[letter] = string(mark)
		row.WriteString(paint(letter, side, colour))
	}
	flush()
	for _, r := range rows {
		fmt.Fprintln(w, r)
	}
	fmt.Fprintf(w, "  one letter per kernel in version order, · not tried, | the boundary: %s\n\n", legendText(legend))
}

// dominant is the mark that decided a kernel's side.
func (p *packageAnswer) dominant(release string, side bisect.Side) bisect.Mark {
	j := p.journal
	switch side {
	case bisect.Good:
		return j.Terms().Good
	case bisect.Bad:
		return j.Terms().Bad
	}
	if t := j.Tally(release); len(t) > 0 {
		return t[0].Mark()
	}
	return "untestable"
}

// markLetter is a mark's letter: an outcome's own, a verdict's as in the matrix
// or, if that is a dot, a capital.
func markLetter(m bisect.Mark) string {
	for _, o := range outcome.All {
		if string(o) == string(m) {
			return o.Letter()
		}
	}
	switch outcome.Verdict(m) {
	case outcome.Pass:
		return "+"
	case outcome.Fail:
		return "x"
	case outcome.Skip:
		return "-"
	case outcome.Crash:
		return "!"
	case outcome.Hang:
		return "h"
	case outcome.BootFail:
		return "b"
	}
	return "?"
}

func legendText(legend map[string]string) string {
	var parts []string
	for _, o := range append([]string{"+", "x", "-", "!", "h", "b", "?"}, letters()...) {
		if m, ok := legend[o]; ok {
			parts = append(parts, o+" "+m)
		}
	}
	return strings.Join(parts, ", ")
}

func letters() []string {
	var all []string
	for _, o := range outcome.All {
		all = append(all, o.Letter())
	}
	return all
}

// paint colours a letter by its side.
func paint(letter string, side bisect.Side, colour bool) string {
	if !colour {
		return letter
	}
	code := map[bisect.Side]string{bisect.Good: "32", bisect.Bad: "31", bisect.Neither: "33"}[side]
	return "\x1b[" + code + "m" + letter + "\x1b[0m"
}
