package terminal

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

// WriteVectors writes a table for each kernel with a row for each source and sink.
// Filesystems with equal answers share a row. Without vectors it writes nothing.
func WriteVectors(w io.Writer, cells []results.Cell, o Options) error {
	b := new(bytes.Buffer)
	all := findings.Vectors(cells)
	if len(all) == 0 {
		return nil
	}
	b.WriteString("policy vectors: what each source and sink answers to the probes\n")
	for _, p := range findings.Probes {
		fmt.Fprintf(b, "  %s %s\n", p.Name, p.Asks)
	}
	b.WriteString("  fits: policies that no answer contradicts: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block\n")
	var kernels []string
	for _, v := range all {
		if !slices.Contains(kernels, v.Kernel) {
			kernels = append(kernels, v.Kernel)
		}
	}
	for _, k := range kernels {
		fmt.Fprintf(b, "\n%s\n", sanitize.Line(k))
		writeVectorTable(b, findings.VectorRows(all, k), o)
	}
	_, err := b.WriteTo(w)
	return err
}

func writeVectorTable(b *bytes.Buffer, rows []findings.VectorRow, o Options) {
	head := []string{"SOURCE", "SINK", "FILESYSTEMS"}
	for _, p := range findings.Probes {
		head = append(head, p.Name)
	}
	lines := [][]string{append(head, "FITS")}
	var skipped []string
	for _, r := range rows {
		source, sink, on := sanitize.Line(r.Source), sanitize.Line(r.Sink), sanitize.Line(strings.Join(r.Filesystems, ","))
		if !slices.ContainsFunc(r.Probes, func(s string) bool { return s != "" }) {
			skipped = append(skipped, fmt.Sprintf("%s-%s on %s: %s: %s", source, sink, on, r.Verdict, sanitize.Line(r.Detail)))
			continue
		}
		line := []string{source, sink, on}
		for _, p := range r.Probes {
			line = append(line, sanitize.Line(p))
		}
		lines = append(lines, append(line, r.Reading()))
	}
	width := make([]int, len(lines[0]))
	for _, l := range lines {
		for i, s := range l {
			width[i] = max(width[i], visible(s))
		}
	}
	for n, l := range lines {
		b.WriteString("  ")
		for i, s := range l {
			text := pad(s, width[i])
			if n > 0 && i >= 3 && i < len(l)-1 {
				text = paint(o.Color, answerColor(s), s) + text[len(s):]
			}
			b.WriteString(text)
			if i < len(l)-1 {
				b.WriteString("  ")
			}
		}
		trimBlanks(b)
	}
	for _, s := range skipped {
		b.WriteString("  " + cut(s, cmp.Or(o.Width, defaultWidth)-2) + "\n")
	}
}

// trimBlanks ends a line and removes trailing blanks, which could wrap.
func trimBlanks(b *bytes.Buffer) {
	b.Truncate(len(bytes.TrimRight(b.Bytes(), " ")))
	b.WriteByte('\n')
}

// answerColor is the colour of an answer: that of its verdict under the snapshot
// policy.
func answerColor(s string) string {
	switch word, _, _ := strings.Cut(s, " "); word {
	case "snapshot":
		return sgrPass
	case "live", "zeroed", "torn", "dropped":
		return sgrFail
	case "blocked", "error":
		return sgrHang
	}
	return sgrSkip
}
