// Package terminal writes runs and their comparison as text for a terminal or a
// mail. It operates on cells and does not use a store. A matrix is built in
// matrix.go, fitted to the width in layout.go, and explained in legend.go.
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
	Color bool // ANSI colours, in addition to the marks
	// Policy is the policy for verdicts; empty: the run's.
	Policy outcome.Policy
	// Only keeps rows with a cell of one of these verdicts. Empty: all.
	Only []outcome.Verdict
	// Full gives each subtest its own row, even where all subtests of a test
	// agree in every column.
	Full bool
}

const (
	defaultWidth = 80
	minWidth     = 40
	gutter       = 2 // "x " before rows with a failure, "+ " before rows with an XPASS
)

// WriteMatrix draws tests × (kernel, filesystem) for a terminal or a mail.
// Columns that do not fit the width go into further blocks, split by kernel.
func WriteMatrix(w io.Writer, r results.Run, cells []results.Cell, o Options) error {
	o, cells = o.settle(r, cells)
	b := new(bytes.Buffer)
	writeRunLine(b, r, o)
	m := newMatrix(cells, o)
	if len(m.rows) == 0 {
		b.WriteString("\nno cells to show\n")
	}
	for _, block := range m.blocks {
		b.WriteByte('\n')
		m.writeBlock(b, block)
	}
	m.writeLegend(b)
	writeTally(b, r, results.Count(cells), o.Width)
	_, err := b.WriteTo(w)
	return err
}

// settle fills in defaults and applies o.Policy to cells.
func (o Options) settle(r results.Run, cells []results.Cell) (Options, []results.Cell) {
	switch {
	case o.Width == 0:
		o.Width = defaultWidth
	case o.Width < minWidth:
		o.Width = minWidth
	}
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
		b.WriteString(paint(o.Color, sgrCrash, "PROBLEM: "+sanitize.Line(r.Problem)) + "\n")
	}
}

// matrix is the layout before it is written.
type matrix struct {
	o        Options
	columns  []results.Column
	grid     map[string][]*results.Cell // by test, one cell for each column or nil
	rows     []row
	corner   string // the prefix that labels omit
	kernels  []string
	blocks   []block
	labelled map[string]string // kernel → its heading
	wide     bool              // names of filesystems are horizontal
	label    int               // width of the labels
}

func newMatrix(cells []results.Cell, o Options) *matrix {
	m := &matrix{o: o, columns: results.Columns(cells), grid: make(map[string][]*results.Cell)}
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
	if len(o.Only) > 0 {
		tests = slices.DeleteFunc(tests, func(t string) bool {
			return !slices.ContainsFunc(m.grid[t], func(c *results.Cell) bool { return c != nil && slices.Contains(o.Only, c.Verdict) })
		})
	}
	m.corner, m.rows = makeRows(tests, m.grid, o.Full)
	m.layOut()
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
		line, bad, better := new(strings.Builder), false, false
		for _, g := range blk {
			line.WriteString("  ")
			used := 0
			for i := g.from; i < g.to; i++ {
				c := row.cells[i]
				width := m.columnWidth(i)
				text, flaky := "  ", " "
				if c != nil {
					text = paint(m.o.Color, cellColor(c), mark(c))
					bad, better = bad || c.Bad(), better || c.Expected == results.XPass
					if c.Flaky != "" {
						flaky = paint(m.o.Color, sgrFlaky, "*")
					}
				}
				line.WriteString(text + flaky + strings.Repeat(" ", width-2))
				used += width + 1
			}
			line.WriteString(strings.Repeat(" ", g.width-used))
		}
		lead, label := "  ", pad(shorten(row.label, m.label), m.label)
		switch {
		case bad:
			lead, label = "x ", paint(m.o.Color, sgrFail, label)
		case better:
			lead = markUnexpected + " "
		}
		b.WriteString(strings.TrimRight(lead+label+line.String(), " ") + "\n")
	}
}

// writeHeads writes the kernels and, below, the filesystems: horizontally if they
// fit, else vertically.
func (m *matrix) writeHeads(b *bytes.Buffer, blk block) {
	heads := m.heads(blk)
	for i, h := range heads {
		left := strings.Repeat(" ", m.label)
		if i == len(heads)-1 {
			left = pad(shorten(m.corner, m.label), m.label)
		}
		b.WriteString(strings.TrimRight(strings.Repeat(" ", gutter)+left+h, " ") + "\n")
	}
}

func (m *matrix) heads(blk block) []string {
	height := 1
	if !m.wide {
		for _, g := range blk {
			for i := g.from; i < g.to; i++ {
				height = max(height, len([]rune(m.columns[i].FS)))
			}
		}
	}
	lines := make([]strings.Builder, 1+height)
	for _, g := range blk {
		fmt.Fprintf(&lines[0], "  %s", pad(m.labelled[m.columns[g.from].Kernel], g.width))
		used := 0
		for y := range height {
			lines[1+y].WriteString("  ")
		}
		for i := g.from; i < g.to; i++ {
			width, fs := m.columnWidth(i)+1, sanitize.Line(m.columns[i].FS)
			used += width
			if m.wide {
				lines[1].WriteString(pad(fs, width))
				continue
			}
			letters := []rune(fs)
			for y := range height {
				letter := " "
				if at := y - (height - len(letters)); at >= 0 {
					letter = string(letters[at])
				}
				lines[1+y].WriteString(pad(letter, width))
			}
		}
		for y := range height {
			lines[1+y].WriteString(strings.Repeat(" ", g.width-used))
		}
	}
	texts := make([]string, len(lines))
	for i := range lines {
		texts[i] = lines[i].String()
	}
	return texts
}
