package results

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/outcome"
)

// WriteListing lists everything that did not pass, grouped so that one cause
// is read once: failures by test and outcome, crashes, hangs and boot failures
// by title, skips by reason with their number, and infra apart.
func WriteListing(w io.Writer, r Run, cells []Cell, o MatrixOptions) error {
	o, cells = o.settle(r, cells)
	b := new(bytes.Buffer)
	kernels := len(distinct(cells, func(c *Cell) string { return c.Kernel }, compareReleases))
	for _, v := range []outcome.Verdict{outcome.Crash, outcome.Hang, outcome.BootFail, outcome.Fail, outcome.Skip, outcome.Infra} {
		if len(o.Only) > 0 && !slices.Contains(o.Only, v) {
			continue
		}
		var of []*Cell
		for i := range cells {
			if cells[i].Verdict == v {
				of = append(of, &cells[i])
			}
		}
		if len(of) == 0 {
			continue
		}
		title := plural(len(of), "cell")
		if v == outcome.Infra {
			title += ": the lab's own fault, says nothing of a kernel"
		}
		fmt.Fprintf(b, "%s: %s\n", paint(o.Color, verdictColor(v), string(v)), title)
		for _, g := range causes(of) {
			g.write(b, o, kernels)
		}
		b.WriteByte('\n')
	}
	writeFlaky(b, cells, o)
	if b.Len() == 0 {
		b.WriteString("nothing but passes\n")
	}
	_, err := w.Write(append(bytes.TrimRight(b.Bytes(), "\n"), '\n'))
	return err
}

// cause is cells of one verdict that have the same title.
type cause struct {
	title, detail string
	cells         []*Cell
	byTest        bool // the title names the test already
}

// causes groups cells: failures by test and outcome, all else by detail. The
// most frequent reasons come first, failures in the order of tests.
func causes(cells []*Cell) []cause {
	type key struct{ a, b string }
	index := make(map[key]int)
	var groups []cause
	for _, c := range cells {
		k, g := key{a: c.Detail}, cause{title: CleanLine(c.Detail)}
		// What fails names its test first; everything else, its reason.
		if c.Verdict == outcome.Fail {
			k = key{c.Test, string(c.Outcome)}
			g = cause{title: CleanLine(c.Test), detail: CleanLine(c.Detail), byTest: true}
			if c.Outcome != outcome.None {
				g.title += "  " + CleanLine(string(c.Outcome))
			}
		}
		if g.title == "" {
			g.title = "no detail"
		}
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, g)
		}
		groups[i].cells = append(groups[i].cells, c)
	}
	slices.SortStableFunc(groups, func(a, b cause) int {
		if a.byTest {
			return cmp.Or(compareNatural(a.title, b.title))
		}
		return len(b.cells) - len(a.cells)
	})
	return groups
}

func (g cause) write(b *bytes.Buffer, o MatrixOptions, kernels int) {
	title := g.title
	if !g.byTest {
		title = fmt.Sprintf("%d x %s", len(g.cells), title)
	}
	b.WriteString("  " + cut(title, o.Width-2) + "\n")
	if g.detail != "" {
		detail := g.detail
		if len(g.cells) > 1 {
			detail = "e.g. " + detail
		}
		b.WriteString("      " + cut(detail, o.Width-6) + "\n")
	}
	if g.byTest {
		g.writeColumns(b, o, kernels)
		return
	}
	for _, line := range g.where() {
		writeWrapped(b, "    "+line.head+": ", line.items, ", ", o.Width)
	}
}

// writeColumns says where a test failed: the kernels for each set of
// filesystems, for a cause mostly covers the same set on many kernels.
func (g cause) writeColumns(b *bytes.Buffer, o MatrixOptions, kernels int) {
	var sets []where
	for _, line := range g.where() {
		set := strings.Join(line.items, ", ")
		i := slices.IndexFunc(sets, func(w where) bool { return w.head == set })
		if i < 0 {
			i = len(sets)
			sets = append(sets, where{head: set})
		}
		sets[i].items = append(sets[i].items, line.head)
	}
	for _, s := range sets {
		if len(s.items) == kernels && kernels > 1 {
			s.items = []string{fmt.Sprintf("all %d kernels", kernels)}
		}
		writeWrapped(b, "    "+s.head+": ", s.items, ", ", o.Width)
	}
}

type where struct {
	head  string
	items []string
}

// where says at which kernels and filesystems, and for which tests.
func (g cause) where() []where {
	var lines []where
	index := make(map[string]int)
	add := func(head, item string) {
		i, ok := index[head]
		if !ok {
			i = len(lines)
			index[head] = i
			lines = append(lines, where{head: head})
		}
		if !slices.Contains(lines[i].items, item) {
			lines[i].items = append(lines[i].items, item)
		}
	}
	for _, c := range g.cells {
		if g.byTest {
			add(CleanLine(c.Kernel), CleanLine(c.FS))
			continue
		}
		add(CleanLine(c.Kernel+" "+c.FS), CleanLine(c.Test))
	}
	for i := range lines {
		const most = 4
		if items := lines[i].items; !g.byTest && len(items) > most {
			lines[i].items = append(items[:most:most], fmt.Sprintf("and %s more", plural(len(items)-most, "test")))
		}
	}
	return lines
}

// writeFlaky lists the cells whose attempts disagreed, whatever they came to.
func writeFlaky(b *bytes.Buffer, cells []Cell, o MatrixOptions) {
	var lines []string
	for i := range cells {
		if c := &cells[i]; c.Flaky != "" && (len(o.Only) == 0 || slices.Contains(o.Only, c.Verdict)) {
			lines = append(lines, fmt.Sprintf("  %s failed: %s", c.Flaky, CleanLine(c.CellKey.String())))
		}
	}
	if len(lines) > 0 {
		fmt.Fprintf(b, "%s: %s\n%s\n\n", paint(o.Color, sgrFlaky, "flaky"), plural(len(lines), "cell"), strings.Join(lines, "\n"))
	}
}

// cut shortens s at its end to width columns.
func cut(s string, width int) string { return runewidth.Truncate(s, width, "…") }
