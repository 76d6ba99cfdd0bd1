package terminal

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/palette"
)

// WriteFields writes names with their values below each other.
func WriteFields(w io.Writer, fields [][2]string, o Options) error {
	o.Width = o.width()
	b := new(bytes.Buffer)
	name := 0
	for _, f := range fields {
		name = max(name, visible(sanitize.Line(f[0])))
	}
	name = min(name, o.Width/3)
	for _, f := range fields {
		key := sanitize.Line(f[0])
		if visible(key) > name {
			writeWords(b, "", key, o.Width)
			key = ""
		}
		if f[1] == "" {
			b.WriteString(key + "\n")
			continue
		}
		writeWords(b, pad(key, name)+"  ", sanitize.Line(f[1]), o.Width)
	}
	_, err := b.WriteTo(w)
	return err
}

// Word is a cell's verdict, marked if the cell was expected to fail.
func Word(c *results.Cell) string {
	switch c.Expected {
	case results.XFail:
		return "expected " + string(c.Verdict)
	case results.XPass:
		return "unexpected pass"
	}
	return string(c.Verdict)
}

// Result is a verdict with its outcome, if there is one, in the colour of its
// class.
func Result(a *results.Attempt, color bool) string {
	text := string(a.Verdict)
	if a.Outcome != outcome.None {
		text += " (" + sanitize.Line(string(a.Outcome)) + ")"
	}
	return paint(color, attemptColour(a), text)
}

func attemptColour(a *results.Attempt) string {
	if a.Verdict == outcome.Pass || a.Verdict == outcome.Fail {
		return classColour(a.Class())
	}
	return palette.Verdict(a.Verdict).SGR
}

// WriteFailures writes the cells that are neither a pass nor a skip, violations
// first, as a table if it fits and else on two lines each. Without such cells it
// writes nothing.
func WriteFailures(w io.Writer, cells []results.Cell, o Options) error {
	o.Width = o.width()
	var listed []*results.Cell
	for i := range cells {
		if c := &cells[i]; c.Verdict != outcome.Skip && (c.Verdict != outcome.Pass || c.Expected != "") {
			listed = append(listed, c)
		}
	}
	if len(listed) == 0 {
		return nil
	}
	slices.SortStableFunc(listed, func(x, y *results.Cell) int {
		return cmp.Compare(slices.Index(outcome.Classes, x.Class()), slices.Index(outcome.Classes, y.Class()))
	})
	rows := [][]string{{"VERDICT", "OUTCOME", "KERNEL", "FILESYSTEM", "TEST", "DETAIL"}}
	for _, c := range listed {
		row := []string{Word(c), string(c.Outcome), c.Kernel, c.FS, c.Test, c.Detail}
		if c.Why != "" {
			row[5] = strings.TrimPrefix(c.Detail+"; "+c.Why, "; ")
		}
		for i := range row {
			row[i] = sanitize.Line(row[i])
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, s := range r {
			widths[i] = max(widths[i], visible(s))
		}
	}
	sum := 2 * (len(widths) - 1)
	for _, n := range widths {
		sum += n
	}
	b := bytes.NewBufferString("\n")
	for n, r := range rows {
		var colours [2]string // of the verdict and the outcome
		if n > 0 {
			colours = [2]string{stateColour(listed[n-1]), letterColour(listed[n-1])}
		}
		if sum > o.Width {
			if n > 0 {
				writeFailure(b, r, colours[0], o)
			}
			continue
		}
		for i, s := range r {
			text := pad(s, widths[i])
			if i < len(colours) {
				text = paint(o.Color, colours[i], s) + text[len(s):]
			}
			b.WriteString(text)
			if i < len(r)-1 {
				b.WriteString("  ")
			}
		}
		trimBlanks(b)
	}
	_, err := b.WriteTo(w)
	return err
}

// writeFailure writes a row of a table that is too wide: what it is and where, and
// the detail below.
func writeFailure(b *bytes.Buffer, r []string, colour string, o Options) {
	what := r[0]
	if r[1] != "" {
		what += " (" + r[1] + ")"
	}
	if visible(what) > o.Width/2 {
		what = cut(what, o.Width/2)
	}
	what = paint(o.Color, colour, what) + " "
	if one := what + r[2] + " " + r[3] + " " + r[4]; visible(one) <= o.Width {
		b.WriteString(one + "\n")
	} else {
		writeWrapped(b, what, []string{r[2], r[3]}, " ", o.Width)
		b.WriteString("    " + shorten(r[4], o.Width-4) + "\n")
	}
	if r[5] != "" {
		writeWords(b, "    ", r[5], o.Width)
	}
}
