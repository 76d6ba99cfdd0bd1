package terminal

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// mapColour is the colour of a cell: one for the snapshot, one for each way in which
// a later state of the file is visible, one for what no policy allows.
func mapColour(c *results.Cell) string {
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

// mapBlocks splits the columns by series into blocks of at most width columns of
// text.
func mapBlocks(m history.KernelMap, width int) [][2]int {
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

// WriteKernelMap writes the map as text, and every change below it.
func WriteKernelMap(w io.Writer, m history.KernelMap, o Options) error {
	var b bytes.Buffer
	if len(m.Rows) == 0 {
		b.WriteString("no cells to show\n")
		_, err := b.WriteTo(w)
		return err
	}
	label := 0
	for _, r := range m.Rows {
		label = max(label, len(rowLabel(r)))
	}
	label = min(label, max(o.Width, minWidth)/2)
	for i, blk := range mapBlocks(m, max(o.Width, minWidth)-label-2) {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeMapBlock(&b, m, blk, label, o.Color)
	}
	legend := map[string]string{}
	for _, r := range m.Rows {
		for _, c := range r.Cells {
			if c != nil {
				legend[history.Letter(c)] = history.Shown(c)
			}
		}
	}
	var words []string
	for letter, word := range legend {
		words = append(words, letter+" "+word)
	}
	slices.Sort(words)
	fmt.Fprintf(&b, "\n%s; one column per kernel, oldest first\n\n", strings.Join(words, ", "))
	writeMapChanges(&b, m)
	_, err := b.WriteTo(w)
	return err
}

func rowLabel(r history.MapRow) string {
	return sanitize.Line(r.Test) + " " + sanitize.Line(r.FS)
}

func writeMapBlock(b *bytes.Buffer, m history.KernelMap, blk [2]int, label int, color bool) {
	head := strings.Repeat(" ", label)
	// each visits the series of the block: its columns, and by how much its
	// name is wider than its columns.
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
		text := shorten(rowLabel(r), label)
		line := text + strings.Repeat(" ", max(0, label-len([]rune(text))))
		each(func(from, to, pad int) {
			line += " "
			for i := from; i < to; i++ {
				letter := history.Letter(r.Cells[i])
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

// writeMapChanges lists every change.
func writeMapChanges(b *bytes.Buffer, m history.KernelMap) {
	n := 0
	for _, r := range m.Rows {
		for _, c := range r.Changes {
			fmt.Fprintf(b, "%s: %s until %s, %s from %s\n", rowLabel(r), c.Old, sanitize.Line(m.Kernels[c.From].Release), c.New, sanitize.Line(m.Kernels[c.To].Release))
			n++
		}
	}
	if n == 0 {
		b.WriteString("no row changes\n")
	}
}
