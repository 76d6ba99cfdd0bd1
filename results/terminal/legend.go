package terminal

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// ANSI colours, as SGR parameters.
const (
	sgrPass  = "32"
	sgrFail  = "1;31"
	sgrSkip  = "2"
	sgrCrash = "1;35"
	sgrHang  = "33"
	sgrInfra = "36"
	sgrFlaky = "1;33"
	// Verdicts that the user's expectations change.
	sgrExpected   = "34"
	sgrUnexpected = "1;7;32"
)

func verdictColor(v outcome.Verdict) string {
	switch v {
	case outcome.Pass:
		return sgrPass
	case outcome.Fail:
		return sgrFail
	case outcome.Skip:
		return sgrSkip
	case outcome.Crash, outcome.BootFail:
		return sgrCrash
	case outcome.Hang:
		return sgrHang
	}
	return sgrInfra
}

func paint(color bool, sgr, text string) string {
	if !color {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// The first character of the mark of XFAIL and XPASS.
const (
	markExpected   = "e"
	markUnexpected = "+"
)

// mark is the two characters of a cell: the verdict and, if there is one, the
// outcome. Marks are distinct without colour.
func mark(c *results.Cell) string {
	switch c.Expected {
	case results.XFail:
		if c.Verdict == outcome.Fail {
			return markExpected + c.Outcome.Letter()
		}
		return markExpected + results.VerdictMark(c.Verdict)[:1] // of a crash: e!
	case results.XPass:
		return markUnexpected + c.Outcome.Letter()
	}
	switch c.Verdict {
	case outcome.Pass:
		return "." + c.Outcome.Letter()
	case outcome.Fail:
		return "x" + c.Outcome.Letter()
	}
	return results.VerdictMark(c.Verdict)
}

// cellColor is the colour of a cell's mark.
func cellColor(c *results.Cell) string {
	switch c.Expected {
	case results.XFail:
		return sgrExpected
	case results.XPass:
		return sgrUnexpected
	}
	return verdictColor(c.Verdict)
}

// writeLegend explains the marks that occur in the matrix.
func (m *matrix) writeLegend(b *bytes.Buffer) {
	verdicts, outcomes, flaky := map[outcome.Verdict]bool{}, map[outcome.Outcome]bool{}, false
	expected := map[results.Expected]bool{}
	for _, r := range m.rows {
		for _, c := range r.cells {
			if c == nil {
				continue
			}
			expected[c.Expected] = true
			// The marks of expected crashes and hangs contain the verdict's.
			if c.Expected == "" || c.Verdict != outcome.Pass && c.Verdict != outcome.Fail {
				verdicts[c.Verdict] = true
			}
			if c.Outcome != outcome.None && (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) {
				outcomes[c.Outcome] = true
			}
			flaky = flaky || c.Flaky != ""
		}
	}
	if len(expected) == 0 {
		return
	}
	var parts []string
	for _, v := range outcome.Verdicts {
		if verdicts[v] {
			parts = append(parts, paint(m.o.Color, verdictColor(v), results.VerdictMark(v))+" "+string(v))
		}
	}
	if expected[results.XFail] {
		parts = append(parts, paint(m.o.Color, sgrExpected, markExpected)+" XFAIL: fails as expected")
	}
	if expected[results.XPass] {
		parts = append(parts, paint(m.o.Color, sgrUnexpected, markUnexpected)+" XPASS: passes unexpectedly")
	}
	if flaky {
		parts = append(parts, paint(m.o.Color, sgrFlaky, "*")+" flaky")
	}
	b.WriteByte('\n')
	writeWrapped(b, "", parts, "  ", m.o.Width)
	parts = nil
	for _, o := range results.SortedOutcomes(outcomes) {
		parts = append(parts, o.Letter()+" "+sanitize.Line(string(o)))
	}
	writeWrapped(b, "", parts, "  ", m.o.Width)
	shortened := false
	var full []string
	for _, k := range m.kernels {
		full = append(full, sanitize.Line(k))
		shortened = shortened || m.labelled[k] != sanitize.Line(k)
	}
	if shortened {
		writeWrapped(b, "kernels: ", full, ", ", m.o.Width)
	}
}

// writeTally writes the number of cells by verdict and outcome.
func writeTally(b *bytes.Buffer, r results.Run, t results.Tally, width int) {
	var parts []string
	for _, v := range outcome.Verdicts {
		if n := t.Verdicts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if t.XFail > 0 {
		parts = append(parts, fmt.Sprintf("%d of them XFAIL", t.XFail))
	}
	if t.XPass > 0 {
		parts = append(parts, fmt.Sprintf("%d of them XPASS", t.XPass))
	}
	if t.Flaky > 0 {
		parts = append(parts, fmt.Sprintf("%d flaky", t.Flaky))
	}
	if missing := r.Planned - t.Cells; missing > 0 {
		parts = append(parts, fmt.Sprintf("%d planned but not run", missing))
	}
	writeWrapped(b, plural(t.Cells, "cell")+": ", parts, ", ", width)
	parts = nil
	for _, o := range results.SortedOutcomes(t.Outcomes) {
		parts = append(parts, fmt.Sprintf("%d %s", t.Outcomes[o], sanitize.Line(string(o))))
	}
	writeWrapped(b, "outcomes: ", parts, ", ", width)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// writeWrapped writes head and parts, with line breaks between parts. Without parts
// it writes nothing.
func writeWrapped(b *bytes.Buffer, head string, parts []string, between string, width int) {
	if len(parts) == 0 {
		return
	}
	line, end := head, strings.TrimRight(between, " |") // the end of a wrapped line
	for i, p := range parts {
		after := end
		if i == len(parts)-1 {
			after = ""
		}
		switch {
		case i == 0:
			line += p
		case visible(line+between+p+after) > width:
			b.WriteString(line + end + "\n")
			line = strings.Repeat(" ", len(head)) + p
		default:
			line += between + p
		}
	}
	b.WriteString(line + "\n")
}

// visible is the width of s without colours.
func visible(s string) int {
	w := 0
	for {
		from := strings.IndexByte(s, '\x1b')
		if from < 0 {
			return w + runewidth.StringWidth(s)
		}
		w += runewidth.StringWidth(s[:from])
		end := strings.IndexByte(s[from:], 'm')
		if end < 0 {
			return w
		}
		s = s[from+end+1:]
	}
}
