package results

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	_ "embed" // the page

	"github.com/splicelab/splicelab/outcome"
)

// KernelMap is the history of outcomes: a row for each test on each
// filesystem, a column for each kernel, oldest first.
type KernelMap struct {
	Kernels []MapKernel
	Rows    []MapRow
}

// MapKernel is a column.
type MapKernel struct {
	Release, Series string
}

// MapRow is one test on one filesystem.
type MapRow struct {
	Test, FS string
	Cells    []*Cell // by kernel; nil where there is no verdict
	// Changes are the places at which the row changes.
	Changes []MapChange
}

// MapChange is a place in a row at which what is seen changes: from the last
// kernel with a verdict to the next. Skips say nothing and do not count.
type MapChange struct {
	From, To int // columns
	Old, New string
}

// NewKernelMap arranges cells by the kernels, which are given in their order.
// Control cells, which are the same everywhere by construction, are left out.
func NewKernelMap(kernels []MapKernel, cells []Cell) KernelMap {
	m := KernelMap{Kernels: kernels}
	place := map[string]int{}
	for i, k := range kernels {
		place[k.Release] = i
	}
	rows := map[[2]string]*MapRow{}
	for i := range cells {
		c := &cells[i]
		at, known := place[c.Kernel]
		if !known || c.Verdict == outcome.Infra || strings.Contains(c.Test, ".TestControl/") {
			continue
		}
		key := [2]string{c.Test, c.FS}
		if rows[key] == nil {
			rows[key] = &MapRow{Test: c.Test, FS: c.FS, Cells: make([]*Cell, len(kernels))}
		}
		rows[key].Cells[at] = c
	}
	for _, r := range rows {
		last := -1
		for i, c := range r.Cells {
			if c == nil || c.Verdict == outcome.Skip {
				continue
			}
			if last >= 0 && shown(r.Cells[last]) != shown(c) {
				r.Changes = append(r.Changes, MapChange{From: last, To: i, Old: shown(r.Cells[last]), New: shown(c)})
			}
			last = i
		}
		m.Rows = append(m.Rows, *r)
	}
	slices.SortFunc(m.Rows, func(a, b MapRow) int {
		if c := compareNatural(a.Test, b.Test); c != 0 {
			return c
		}
		return strings.Compare(a.FS, b.FS)
	})
	return m
}

// shown is what a cell showed, in a word.
func shown(c *Cell) string {
	if (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) && c.Outcome != outcome.None {
		return string(c.Outcome)
	}
	return string(c.Verdict)
}

// mapLetter is what a cell showed, in one character.
func mapLetter(c *Cell) string {
	if c == nil {
		return " "
	}
	if (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) && c.Outcome != outcome.None {
		return c.Outcome.Letter()
	}
	return verdictMark(c.Verdict)[:1]
}

// mapColour is the terminal colour of what a cell showed: one for the snapshot,
// one for each way in which a later state of the file shows, one for what no
// policy allows.
func mapColour(c *Cell) string {
	switch {
	case c.Verdict == outcome.Skip:
		return "2"
	case c.Verdict != outcome.Pass && c.Verdict != outcome.Fail:
		return sgrCrash
	case c.Outcome == outcome.None:
		return sgrOf(c.Verdict)
	case !c.Outcome.LegalSomewhere():
		return "1;31"
	}
	switch c.Outcome {
	case outcome.Snapshot:
		return "32"
	case outcome.Live:
		return "33"
	case outcome.Zeroed:
		return "36"
	case outcome.Torn:
		return "35"
	}
	return "34"
}

func sgrOf(v outcome.Verdict) string {
	if v == outcome.Pass {
		return "32"
	}
	return "31"
}

// blocks splits the columns by series so that each block fits into width
// columns of text.
func (m KernelMap) blocks(width int) [][2]int {
	var blocks [][2]int
	begin, used := 0, 0
	for i := 0; i < len(m.Kernels); {
		end := i
		for end < len(m.Kernels) && m.Kernels[end].Series == m.Kernels[i].Series {
			end++
		}
		wide := max(end-i, len(m.Kernels[i].Series)) + 1
		if used > 0 && used+wide > width {
			blocks = append(blocks, [2]int{begin, i})
			begin, used = i, 0
		}
		used += wide
		i = end
	}
	return append(blocks, [2]int{begin, len(m.Kernels)})
}

// WriteText draws the map for a terminal, and lists every change below it.
func (m KernelMap) WriteText(w io.Writer, o MatrixOptions) error {
	var b bytes.Buffer
	if len(m.Rows) == 0 {
		b.WriteString("no cells to show\n")
		_, err := b.WriteTo(w)
		return err
	}
	label := 0
	for _, r := range m.Rows {
		label = max(label, len(r.label()))
	}
	label = min(label, max(o.Width, minWidth)/2)
	for i, blk := range m.blocks(max(o.Width, minWidth) - label - 2) {
		if i > 0 {
			b.WriteByte('\n')
		}
		m.writeBlock(&b, blk, label, o.Color)
	}
	legend := map[string]string{}
	for _, r := range m.Rows {
		for _, c := range r.Cells {
			if c != nil {
				legend[mapLetter(c)] = shown(c)
			}
		}
	}
	var words []string
	for letter, word := range legend {
		words = append(words, letter+" "+word)
	}
	slices.Sort(words)
	fmt.Fprintf(&b, "\n%s; a column a kernel, oldest first\n\n", strings.Join(words, ", "))
	m.writeChanges(&b)
	_, err := b.WriteTo(w)
	return err
}

func (r MapRow) label() string { return CleanLine(r.Test) + " " + CleanLine(r.FS) }

func (m KernelMap) writeBlock(b *bytes.Buffer, blk [2]int, label int, color bool) {
	head := strings.Repeat(" ", label)
	// each visits the block's series: from which column to which, and by how
	// much the series' name is wider than its kernels.
	each := func(visit func(from, to, pad int)) {
		for i := blk[0]; i < blk[1]; {
			end := i
			for end < blk[1] && m.Kernels[end].Series == m.Kernels[i].Series {
				end++
			}
			visit(i, end, max(0, len(m.Kernels[i].Series)-(end-i)))
			i = end
		}
	}
	each(func(from, to, _ int) {
		name := m.Kernels[from].Series
		head += " " + name + strings.Repeat(" ", max(0, to-from-len(name)))
	})
	b.WriteString(strings.TrimRight(head, " ") + "\n")
	for _, r := range m.Rows {
		text := shorten(r.label(), label)
		line := text + strings.Repeat(" ", max(0, label-len([]rune(text))))
		each(func(from, to, pad int) {
			line += " "
			for i := from; i < to; i++ {
				letter := mapLetter(r.Cells[i])
				if r.Cells[i] != nil {
					letter = paint(color, mapColour(r.Cells[i]), letter)
				}
				line += letter
			}
			line += strings.Repeat(" ", pad)
		})
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// writeChanges lists every boundary.
func (m KernelMap) writeChanges(b *bytes.Buffer) {
	n := 0
	for _, r := range m.Rows {
		for _, c := range r.Changes {
			fmt.Fprintf(b, "%s: %s until %s, %s from %s\n", r.label(), c.Old, CleanLine(m.Kernels[c.From].Release), c.New, CleanLine(m.Kernels[c.To].Release))
			n++
		}
	}
	if n == 0 {
		b.WriteString("no row changes\n")
	}
}

//go:embed kernelmap.html
var kernelMapTemplate string

// WriteHTML writes the map as one page that needs nothing else.
func (m KernelMap) WriteHTML(w io.Writer, title string) error {
	t, err := template.New("map").Funcs(template.FuncMap{
		"letter": mapLetter, "shown": shown, "clean": CleanLine,
		"release": func(i int) string { return CleanLine(m.Kernels[i].Release) },
		"class": func(c *Cell) string {
			switch {
			case c == nil:
				return "none"
			case c.Verdict != outcome.Pass && c.Verdict != outcome.Fail, c.Outcome == outcome.None:
				return "v-" + string(c.Verdict)
			case !c.Outcome.LegalSomewhere():
				return "o-bad"
			}
			return "o-" + string(c.Outcome)
		},
		// A bar stands where a series begins.
		"first": func(i int) bool { return i == 0 || m.Kernels[i].Series != m.Kernels[i-1].Series },
	}).Parse(kernelMapTemplate)
	if err != nil {
		return err
	}
	type group struct {
		Series string
		N      int
	}
	var groups []group
	for _, k := range m.Kernels {
		if last := len(groups) - 1; last >= 0 && groups[last].Series == k.Series {
			groups[last].N++
			continue
		}
		groups = append(groups, group{k.Series, 1})
	}
	return t.Execute(w, struct {
		KernelMap
		Title  string
		Series []group
	}{m, CleanLine(title), groups})
}
