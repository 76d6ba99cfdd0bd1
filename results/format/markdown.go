package format

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Limits of a summary. GitHub accepts 1 MiB per step; the reserve is for the
// lines that count what was omitted.
const (
	maxMarkdown     = 1 << 20
	markdownReserve = 4 << 10
	markdownExcerpt = 2 << 10 // bytes of a cell's output
)

// WriteMarkdown writes a summary for a CI job's page: the number of cells by
// verdict, a table of those that need attention, and their folded details, up
// to 1 MiB in total; what exceeds it is counted. Guest text is in code spans
// and blocks, where markup, links and mentions have no effect.
func WriteMarkdown(w io.Writer, d Document) error {
	printed, err := d.readTexts(maxMarkdown, trouble)
	if err != nil {
		return err
	}
	m := markdown{d: d, printed: printed}
	m.head()
	var wanting []results.Cell
	for _, c := range d.Cells {
		if !asExpected(&c) {
			wanting = append(wanting, c)
		}
	}
	groups := results.Groups(wanting)
	m.tables(groups)
	m.details(groups)
	_, err = m.b.WriteTo(w)
	return err
}

type markdown struct {
	d       Document
	printed texts
	b       bytes.Buffer
}

// fits appends a piece unless it exceeds the limit.
func (m *markdown) fits(piece string) bool {
	if m.b.Len()+len(piece) > maxMarkdown-markdownReserve {
		return false
	}
	m.b.WriteString(piece)
	return true
}

func (m *markdown) head() {
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
	m.b.WriteString("| verdict | cells |\n|---|---:|\n")
	line := func(what string, n int) {
		if n > 0 {
			fmt.Fprintf(&m.b, "| %s | %d |\n", what, n)
		}
	}
	for _, v := range outcome.Verdicts {
		line(string(v), counts[v])
	}
	line(expectedFail, expected)
	line("of the passes, "+unexpectedPass, unexpected)
	line("flaky", flaky)
	m.b.WriteString("\n")
}

// tables writes the cells that need attention: a table for each kernel, a row
// for each test, a column for each filesystem.
func (m *markdown) tables(groups []results.Group) {
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
		if table := markdownTable(groups[:n]); left > 0 || m.b.Len()+len(table) > maxMarkdown/2 || !m.fits(table) {
			left++
		}
		groups = groups[n:]
	}
	if left > 0 {
		fmt.Fprintf(&m.b, "The tables of %d more kernels are omitted: a summary is limited to 1 MiB.\n\n", left)
	}
}

func markdownTable(groups []results.Group) string {
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
			fmt.Fprintf(&b, " %s |", markdownWhat(c))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	return b.String()
}

// markdownWhat formats the cell's result for a table.
func markdownWhat(c *results.Cell) string {
	s := "**" + string(c.Verdict) + "**"
	if c.Expected == results.XPass {
		s = "**" + unexpectedPass + "**"
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
func (m *markdown) details(groups []results.Group) {
	left := 0
	for _, g := range groups {
		open := fmt.Sprintf("<details>\n<summary><code>%s</code> on <code>%s</code>: %d cells</summary>\n\n",
			markdownHTML(g.FS), markdownHTML(g.Kernel), len(g.Cells))
		const end = "\n</details>\n\n"
		begun := false
		for i, c := range g.Cells {
			piece := m.detail(c)
			if !begun {
				piece = open + piece
			}
			if m.b.Len()+len(piece)+len(end) > maxMarkdown-markdownReserve || !m.fits(piece) {
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
		fmt.Fprintf(&m.b, "The details of %d more cells are omitted: a summary is limited to 1 MiB.\n", left)
	}
}

func (m *markdown) detail(c *results.Cell) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s: %s", code(c.Test), c.Verdict)
	if c.Expected == results.XPass {
		fmt.Fprintf(&b, ", %s", unexpectedPass)
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
	output, console := m.printed.of(c.CellKey, c.N)
	for _, text := range []string{output, console} {
		if text = strings.Trim(text, "\n"); text != "" {
			b.WriteString(fenced(sanitize.Bounded(text, markdownExcerpt), "  "))
		}
	}
	return b.String()
}

// code makes s a one-line code span that no backtick in s can close.
func code(s string) string {
	if s = sanitize.Line(s); s == "" {
		return "(none)"
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " " // one space on each side is stripped
	}
	return fence + s + fence
}

// codeCell is a code span in a table. "|" separates columns even in code, and a
// backslash before it is not always an escape, so it becomes a broken bar.
func codeCell(s string) string { return code(strings.ReplaceAll(s, "|", "¦")) }

// fenced makes s a code block whose lines begin with indent.
func fenced(s, indent string) string {
	fence := strings.Repeat("`", max(3, longestRun(s)+1))
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s%stext\n", indent, fence)
	for line := range strings.Lines(s) {
		b.WriteString(indent + strings.TrimSuffix(line, "\n") + "\n")
	}
	fmt.Fprintf(&b, "%s%s\n\n", indent, fence)
	return b.String()
}

// longestRun is the length of the longest run of backticks in s.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// markdownHTML escapes one line of text for HTML, in which Markdown is not
// parsed.
func markdownHTML(s string) string { return html.EscapeString(sanitize.Line(s)) }
