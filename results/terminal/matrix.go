// Package terminal writes runs and their comparison as text for a terminal or a
// mail. It operates on cells and does not use a store. A matrix is built in
// matrix.go from the rows of rows.go, fitted to the width in layout.go, and
// explained in legend.go; what every policy forbids is listed in violations.go.
package terminal

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Options control the output. The zero value shows everything without colour, 80
// columns wide.
type Options struct {
	Width int  // columns to use; 0 is 80, less than 40 is 40
	Wide  bool // nothing is folded to the width
	Color bool // ANSI colours, in addition to the marks
	// Policy is the policy for verdicts; empty: the run's.
	Policy outcome.Policy
	// Only keeps rows with a cell of one of these verdicts, and OnlyClass those
	// with a cell of one of these classes. Both empty: all.
	Only      []outcome.Verdict
	OnlyClass []outcome.Class
	// Full gives each subtest its own row, even where all subtests of a test
	// agree, and rows that are alike everywhere too.
	Full bool
	// Top is how many violations are listed; 0: defaultTop, less than 0: all.
	Top int
	// ViolationsLast writes the violations below the matrix, for who reads the
	// end of a long output. Otherwise they are above it.
	ViolationsLast bool
	// Rows is how many rows of a map are shown, the Page-th so many, from 1;
	// 0: all.
	Rows, Page int
}

const (
	defaultWidth = 80
	minWidth     = 40
	wideWidth    = 1 << 20
	gutter       = 2 // "x " before rows with a failure, "+ " before rows with an XPASS
)

// WriteMatrix draws tests × (kernel, filesystem) for a terminal or a mail.
// Kernels that do not fit the width side by side go into further bands. If there
// are several, rows that are the same on every filesystem are listed below them.
func WriteMatrix(w io.Writer, r results.Run, cells []results.Cell, o Options) error {
	o, cells = o.settle(r, cells)
	b := new(bytes.Buffer)
	writeRunLine(b, r, o)
	m := newMatrix(cells, o)
	if !o.ViolationsLast {
		writeViolations(b, r, cells, m.labels, o)
	}
	if len(m.rows) == 0 && len(m.folds) == 0 {
		b.WriteString("\nno cells to show\n")
	}
	for _, block := range m.blocks {
		b.WriteByte('\n')
		m.writeBlock(b, block)
	}
	m.writeFolds(b)
	m.writeLegend(b)
	writeTally(b, r, cells, o)
	if o.ViolationsLast {
		writeViolations(b, r, cells, m.labels, o)
	}
	_, err := b.WriteTo(w)
	return err
}

// width is the width to use.
func (o Options) width() int {
	switch {
	case o.Wide:
		return wideWidth
	case o.Width == 0:
		return defaultWidth
	}
	return max(o.Width, minWidth)
}

// settle fills in defaults and applies o.Policy to cells.
func (o Options) settle(r results.Run, cells []results.Cell) (Options, []results.Cell) {
	o.Width = o.width()
	switch o.Policy {
	case "":
		o.Policy = r.Policy
	case r.Policy:
	default:
		cells = results.Show(cells, o.Policy)
	}
	return o, cells
}

func writeRunLine(b *bytes.Buffer, r results.Run, o Options) {
	policy := "policy " + string(o.Policy)
	if o.Policy != r.Policy {
		policy += " (run with " + string(r.Policy) + ")"
	}
	parts := []string{"run " + sanitize.Line(r.ID), policy, sanitize.Line(r.Accel), fmt.Sprintf("seed %d", r.Seed)}
	if !r.Started.IsZero() {
		when := r.Started.UTC().Format("2006-01-02 15:04 UTC")
		if r.Finished.IsZero() {
			when += ", not finished"
		} else {
			when += ", " + r.Took().Round(time.Second).String()
		}
		parts = append(parts, when)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	writeWrapped(b, "", parts, " | ", o.Width)
	if r.Problem != "" {
		writeProblem(b, "PROBLEM: ", r.Problem, o)
	}
}

// writeProblem writes why a run cannot be trusted: all of it.
func writeProblem(b *bytes.Buffer, head, problem string, o Options) {
	text := new(bytes.Buffer)
	writeWords(text, head, sanitize.Line(problem), o.Width)
	for line := range strings.Lines(text.String()) {
		b.WriteString(paint(o.Color, sgrProblem(), strings.TrimSuffix(line, "\n")) + "\n")
	}
}

// matrix is the layout before it is written.
type matrix struct {
	o       Options
	columns []results.Column
	grid    map[string][]*results.Cell // by test, one cell for each column or nil
	rows    []row
	folds   []fold // rows that are the same on every filesystem
	corner  string // the prefix that labels omit
	kernels []string
	labels  results.Labels
	heads   map[string]string // kernel → its heading
	blocks  []block
	label   int // width of the labels
}

func newMatrix(cells []results.Cell, o Options) *matrix {
	m := &matrix{o: o, columns: results.Columns(cells), grid: make(map[string][]*results.Cell), labels: results.NewLabels(results.Releases(cells))}
	index := make(map[results.Column]int, len(m.columns))
	for i, c := range m.columns {
		index[c] = i
		if i == 0 || m.columns[i-1].Kernel != c.Kernel {
			m.kernels = append(m.kernels, c.Kernel)
		}
	}
	for i := range cells {
		c := &cells[i]
		line := m.grid[c.Test]
		if line == nil {
			line = make([]*results.Cell, len(m.columns))
			m.grid[c.Test] = line
		}
		line[index[results.Column{Kernel: c.Kernel, FS: c.FS}]] = c
	}
	_, _, tests := results.Axes(cells)
	if len(o.Only)+len(o.OnlyClass) > 0 {
		tests = slices.DeleteFunc(tests, func(t string) bool {
			return !slices.ContainsFunc(m.grid[t], func(c *results.Cell) bool {
				return c != nil && (slices.Contains(o.Only, c.Verdict) || slices.Contains(o.OnlyClass, c.Class()))
			})
		})
	}
	m.corner, m.rows, _ = m.makeRows(tests, false)
	m.layOut()
	if len(m.blocks) > 1 && !o.Full {
		m.corner, m.rows, m.folds = m.makeRows(tests, true)
		m.layOut()
	}
	return m
}

// writeBlock writes the headings and rows of one block.
func (m *matrix) writeBlock(b *bytes.Buffer, blk block) {
	m.writeHeads(b, blk)
	for _, row := range m.rows {
		if row.cells == nil {
			b.WriteString(strings.Repeat(" ", gutter) + shorten(row.label, m.o.Width-gutter) + "\n")
			continue
		}
		line := new(strings.Builder)
		violates, bad, better := false, false, false
		for _, g := range blk {
			line.WriteString(strings.Repeat(" ", gap))
			used := 0
			for i := g.from; i < g.to; i++ {
				c := row.cells[i]
				text, flaky := "  ", " "
				if c != nil {
					text = painted(c, m.o.Color)
					bad, better = bad || c.Bad(), better || c.Expected == results.XPass
					violates = violates || c.Bad() && c.Class() == outcome.Violates
					if c.Flaky != "" {
						flaky = paint(m.o.Color, sgrFlaky, "*")
					}
				}
				width := m.columnWidth(i)
				line.WriteString(text + flaky + strings.Repeat(" ", width-2))
				used += width + 1
			}
			line.WriteString(strings.Repeat(" ", max(0, g.width-used)))
		}
		lead, label := "  ", pad(shorten(row.label, m.label), m.label)
		switch {
		case violates:
			lead, label = "x ", paint(m.o.Color, classColour(outcome.Violates), label)
		case bad:
			lead, label = "x ", paint(m.o.Color, classColour(outcome.Deviates), label)
		case better:
			lead = markUnexpected + " "
		}
		b.WriteString(strings.TrimRight(lead+label+line.String(), " ") + "\n")
	}
}

// writeHeads writes the kernels and, below, the filesystems.
func (m *matrix) writeHeads(b *bytes.Buffer, blk block) {
	kernels, names := new(strings.Builder), new(strings.Builder)
	for _, g := range blk {
		kernels.WriteString(strings.Repeat(" ", gap) + pad(cut(m.heads[m.columns[g.from].Kernel], g.width), g.width))
		line := ""
		for i := g.from; i < g.to; i++ {
			line += pad(m.name(i), m.columnWidth(i)+1)
		}
		names.WriteString(strings.Repeat(" ", gap) + pad(strings.TrimRight(line, " "), g.width))
	}
	margin := strings.Repeat(" ", gutter)
	b.WriteString(strings.TrimRight(margin+strings.Repeat(" ", m.label)+kernels.String(), " ") + "\n")
	b.WriteString(strings.TrimRight(margin+pad(shorten(m.corner, m.label), m.label)+names.String(), " ") + "\n")
}
