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
	colour := func(row, column int) string {
		switch column {
		case 0:
			return stateColour(listed[row-1])
		case 1:
			return letterColour(listed[row-1])
		}
		return ""
	}
	b := bytes.NewBufferString("\n")
	if !writeColumns(b, rows, colour, o) {
		for n, r := range rows[1:] {
			writeFailure(b, r, stateColour(listed[n]), o)
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// WriteTable writes rows, the first of which are headings, as a table if it fits,
// and else each row as a paragraph. colour is that of a field, from row 1.
func WriteTable(w io.Writer, rows [][]string, colour func(row, column int) string, o Options) error {
	o.Width = o.width()
	b := new(bytes.Buffer)
	for _, r := range rows {
		for i := range r {
			r[i] = sanitize.Line(r[i])
		}
	}
	if !writeColumns(b, rows, colour, o) {
		for n, r := range rows[1:] {
			var parts []string
			for i, s := range r {
				if s != "" {
					parts = append(parts, paint(o.Color, colour(n+1, i), s))
				}
			}
			writeHanging(b, parts, o.Width)
		}
	}
	_, err := b.WriteTo(w)
	return err
}

// writeHanging writes parts, further lines indented by four.
func writeHanging(b *bytes.Buffer, parts []string, width int) {
	line := ""
	for i, p := range parts {
		if visible(p) > width-4 {
			p = shorten(p, width-4)
		}
		switch {
		case i == 0:
			line = p
		case visible(line)+2+visible(p) > width:
			b.WriteString(line + "\n")
			line = "    " + p
		default:
			line += "  " + p
		}
	}
	b.WriteString(line + "\n")
}

// writeColumns writes a table, unless it is too wide.
func writeColumns(b *bytes.Buffer, rows [][]string, colour func(row, column int) string, o Options) bool {
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
	if sum > o.Width {
		return false
	}
	for n, r := range rows {
		for i, s := range r {
			text := pad(s, widths[i])
			if n > 0 {
				text = paint(o.Color, colour(n, i), s) + text[len(s):]
			}
			b.WriteString(text)
			if i < len(r)-1 {
				b.WriteString("  ")
			}
		}
		trimBlanks(b)
	}
	return true
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
