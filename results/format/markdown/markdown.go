// Package markdown writes a run as a summary for the page of a CI job.
package markdown

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/format/doc"
)

// Limits of a summary. GitHub accepts 1 MiB per step, but a page that long is
// not read, and a mail or a comment takes less; the reserve is for the lines
// that count what was omitted.
const (
	maxSize   = 60_000
	reserve   = 1 << 10
	excerpt   = 2 << 10 // bytes of a cell's output
	limitText = "a summary is limited to 60 KB"
)

// Write writes a summary for a CI job's page, up to 60 KB in total:
// what every policy forbids, what policies disagree about, the number of cells
// by verdict, a table of those that need attention, and their folded details.
// What exceeds the limit is counted. Guest text is in code spans and blocks,
// where markup, links and mentions have no effect.
func Write(w io.Writer, d doc.Document) error {
	printed, err := d.ReadTexts(maxSize, doc.Trouble)
	if err != nil {
		return err
	}
	m := page{d: d, printed: printed}
	m.head()
	m.violations(findings.Violations(d.Run, d.Cells))
	m.deviations()
	m.verdicts()
	// Without the violations' details a reader knows nothing; the others' are
	// only useful if there is space left.
	var wanting, violations, others []results.Cell
	for _, c := range d.Cells {
		if doc.AsExpected(&c) {
			continue
		}
		wanting = append(wanting, c)
		if c.Class() == outcome.Violates {
			violations = append(violations, c)
		} else {
			others = append(others, c)
		}
	}
	m.tables(results.Groups(wanting))
	m.details(append(results.Groups(violations), results.Groups(others)...))
	_, err = m.b.WriteTo(w)
	return err
}

type page struct {
	d       doc.Document
	printed doc.Texts
	b       bytes.Buffer
}

// fits appends a piece unless it exceeds the limit.
func (m *page) fits(piece string) bool {
	if m.b.Len()+len(piece) > maxSize-reserve {
		return false
	}
	m.b.WriteString(piece)
	return true
}

func (m *page) head() {
	r := m.d.Run
	fmt.Fprintf(&m.b, "# splicelab run %s\n\n", code(r.ID))
	if r.Problem != "" {
		fmt.Fprintf(&m.b, "**This run cannot be trusted:** %s\n\n", code(r.Problem))
	}
	fmt.Fprintf(&m.b, "%d cells", len(m.d.Cells))
	if missing := r.Planned - len(m.d.Cells); missing > 0 {
		fmt.Fprintf(&m.b, ", %d planned but not run", missing)
	}
	if r.Policy != "" {
		fmt.Fprintf(&m.b, ", policy %s", code(string(r.Policy)))
	}
	if r.Accel != "" {
		fmt.Fprintf(&m.b, ", accelerator %s", code(r.Accel))
	}
	m.b.WriteString(".\n\n")
}

// verdicts counts the cells by verdict.
func (m *page) verdicts() {
	counts, expected, unexpected, flaky := map[outcome.Verdict]int{}, 0, 0, 0
	for i := range m.d.Cells {
		c := &m.d.Cells[i]
		switch {
		case c.Expected == results.XFail:
			expected++
		default:
			counts[c.Verdict]++
		}
		if c.Expected == results.XPass {
			unexpected++
		}
		if c.Flaky != "" {
			flaky++
		}
	}
	m.b.WriteString("## Verdicts\n\n| verdict | cells |\n|---|---:|\n")
	line := func(what string, n int) {
		if n > 0 {
			fmt.Fprintf(&m.b, "| %s | %d |\n", what, n)
		}
	}
	for _, v := range outcome.Verdicts {
		line(string(v), counts[v])
	}
	line(doc.ExpectedFail, expected)
	line("of the passes, "+doc.UnexpectedPass, unexpected)
	line("flaky", flaky)
	m.b.WriteString("\n")
}

// tables writes the cells that need attention: a table for each kernel, a row
// for each test, a column for each filesystem.
func (m *page) tables(groups []results.Group) {
	if len(groups) == 0 {
		m.b.WriteString("No cell needs attention.\n")
		return
	}
	m.b.WriteString("## Needs attention\n\n")
	left := 0
	for len(groups) > 0 {
		n := 1
		for n < len(groups) && groups[n].Kernel == groups[0].Kernel {
			n++
		}
		// Half of the space is for the details.
		if one := table(groups[:n]); left > 0 || m.b.Len()+len(one) > maxSize/2 || !m.fits(one) {
			left++
		}
		groups = groups[n:]
	}
	if left > 0 {
		fmt.Fprintf(&m.b, "The tables of %d more kernels are omitted: %s.\n\n", left, limitText)
	}
}

func table(groups []results.Group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |", codeCell(groups[0].Kernel))
	rows, order := map[string][]*results.Cell{}, []string(nil)
	for i, g := range groups {
		fmt.Fprintf(&b, " %s |", codeCell(g.FS))
		for _, c := range g.Cells {
			if rows[c.Test] == nil {
				rows[c.Test] = make([]*results.Cell, len(groups))
				order = append(order, c.Test)
			}
			rows[c.Test][i] = c
		}
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(groups)) + "\n")
	for _, test := range order {
		fmt.Fprintf(&b, "| %s |", codeCell(test))
		for _, c := range rows[test] {
			if c == nil {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(&b, " %s |", what(c))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String()
}

// what formats the cell's result for a table.
func what(c *results.Cell) string {
	s := "**" + string(c.Verdict) + "**"
	if c.Expected == results.XPass {
		s = "**" + doc.UnexpectedPass + "**"
	} else if c.Verdict == outcome.Pass || c.Expected == results.XFail {
		s = string(c.Verdict)
	}
	if c.Outcome != outcome.None {
		s += " " + codeCell(string(c.Outcome))
	}
	if c.Flaky != "" {
		s += ", flaky " + codeCell(c.Flaky)
	}
	return s
}

// details writes the cells of each group, folded, as far as they fit.
func (m *page) details(groups []results.Group) {
	left := 0
	for _, g := range groups {
		open := fmt.Sprintf("<details>\n<summary><code>%s</code> on <code>%s</code>: %s</summary>\n\n",
			escaped(g.FS), escaped(g.Kernel), cellCount(len(g.Cells)))
		const end = "\n</details>\n\n"
		begun := false
		for i, c := range g.Cells {
			piece := m.detail(c)
			if !begun {
				piece = open + piece
			}
			if m.b.Len()+len(piece)+len(end) > maxSize-reserve || !m.fits(piece) {
				left += len(g.Cells) - i
				break
			}
			begun = true
		}
		if begun {
			m.b.WriteString(end)
		}
	}
	if left > 0 {
		fmt.Fprintf(&m.b, "The details of %d more cells are omitted: %s.\n", left, limitText)
	}
}

func (m *page) detail(c *results.Cell) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s: %s", code(c.Test), c.Verdict)
	if c.Expected == results.XPass {
		fmt.Fprintf(&b, ", %s", doc.UnexpectedPass)
	}
	if c.Outcome != outcome.None {
		fmt.Fprintf(&b, ", %s", code(string(c.Outcome)))
	}
	if c.Flaky != "" {
		fmt.Fprintf(&b, ", flaky %s", code(c.Flaky))
	}
	if c.Detail != "" {
		fmt.Fprintf(&b, ": %s", code(c.Detail))
	}
	if c.Why != "" {
		fmt.Fprintf(&b, " (expected otherwise: %s)", code(c.Why))
	}
	b.WriteString("\n")
	output, console := m.printed.Of(c.CellKey, c.N)
	for _, text := range []string{output, console} {
		if text = strings.Trim(text, "\n"); text != "" {
			b.WriteString(fenced(sanitize.Bounded(text, excerpt), "  "))
		}
	}
	return b.String()
}
