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
	"github.com/splicelab/splicelab/results/findings"
	"github.com/splicelab/splicelab/results/palette"
)

// WriteVectors writes a table for each kernel with a row for each source and sink.
// Filesystems with equal answers share a row. Without vectors it writes nothing.
func WriteVectors(w io.Writer, cells []results.Cell, o Options) error {
	b := new(bytes.Buffer)
	all := findings.Vectors(cells)
	if len(all) == 0 {
		return nil
	}
	o.Width = o.width()
	writeWords(b, "", "policy vectors: what each source and sink answers to the probes", o.Width)
	for _, p := range findings.Probes {
		fmt.Fprintf(b, "  %s %s\n", p.Name, p.Asks)
	}
	writeWords(b, "  fits: ", "policies that no answer contradicts: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block", o.Width)
	names := results.NewLabels(results.Releases(cells))
	var kernels []string
	for _, v := range all {
		if !slices.Contains(kernels, v.Kernel) {
			kernels = append(kernels, v.Kernel)
		}
	}
	short := false
	for _, k := range kernels {
		short = !newVectorTable(findings.VectorRows(all, k), false).fits(o.Width) || short
	}
	for _, k := range kernels {
		fmt.Fprintf(b, "\n%s\n", names.Full(k))
		rows := findings.VectorRows(all, k)
		newVectorTable(rows, short).write(b, o)
		writeSkippedVectors(b, rows, o)
	}
	if short {
		writeAnswers(b, all, o)
	}
	_, err := b.WriteTo(w)
	return err
}

// vectorTable is the lines of one kernel's table, the first its headings. on are
// the filesystems of each, which go to a line of their own where the table is too
// wide otherwise.
type vectorTable struct {
	lines [][]string
	on    []string
	words [][]string // the answers in full, for their colours
	width []int
	wide  int // of the filesystems
}

// newVectorTable arranges rows. short: the outcomes are letters.
func newVectorTable(rows []findings.VectorRow, short bool) vectorTable {
	head := []string{"SOURCE", "SINK"}
	for _, p := range findings.Probes {
		head = append(head, p.Name)
	}
	t := vectorTable{lines: [][]string{append(head, "FITS")}, on: []string{"FILESYSTEMS"}, words: [][]string{nil}}
	for _, r := range rows {
		if !answered(r) {
			continue
		}
		line := []string{cut(sanitize.Line(r.Source), maxWord), cut(sanitize.Line(r.Sink), maxWord)}
		for _, p := range r.Probes {
			line = append(line, cut(answer(sanitize.Line(p), short), maxWord))
		}
		t.lines = append(t.lines, append(line, r.Reading()))
		t.on = append(t.on, sanitize.Line(strings.Join(r.Filesystems, ",")))
		t.words = append(t.words, r.Probes)
	}
	t.width = make([]int, len(t.lines[0]))
	for n, l := range t.lines {
		for i, s := range l {
			t.width[i] = max(t.width[i], visible(s))
		}
		t.wide = max(t.wide, visible(t.on[n]))
	}
	return t
}

func answered(r findings.VectorRow) bool {
	return slices.ContainsFunc(r.Probes, func(s string) bool { return s != "" })
}

// fits reports whether the table, with the filesystems as a column, fits width.
func (t vectorTable) fits(width int) bool { return len(t.lines) == 1 || t.sum()+2+t.wide <= width }

func (t vectorTable) sum() int {
	sum := 0
	for _, w := range t.width {
		sum += 2 + w
	}
	return sum
}

func (t vectorTable) write(b *bytes.Buffer, o Options) {
	if len(t.lines) == 1 {
		return
	}
	if t.sum() > o.Width {
		t.writeList(b, o)
		return
	}
	beside := t.fits(o.Width)
	for n, l := range t.lines {
		for i, s := range l {
			text := pad(s, t.width[i])
			if n > 0 && i >= 2 && i < len(l)-1 {
				text = paint(o.Color, answerColour(t.words[n][i-2]), s) + text[len(s):]
			}
			b.WriteString("  " + text)
			if i == 1 && beside {
				b.WriteString("  " + pad(t.on[n], t.wide))
			}
		}
		trimBlanks(b)
		if !beside && n > 0 {
			writeWrapped(b, "      on ", strings.Split(t.on[n], ","), ", ", o.Width)
		}
	}
}

// writeList writes each row on lines of its own, for a screen that is narrower than
// a table.
func (t vectorTable) writeList(b *bytes.Buffer, o Options) {
	for n, l := range t.lines[1:] {
		writeWrapped(b, "  "+l[0]+" "+l[1]+" on ", strings.Split(t.on[n+1], ","), ", ", o.Width)
		var parts []string
		for i, p := range findings.Probes {
			if s := l[2+i]; s != "" {
				parts = append(parts, p.Name+" "+paint(o.Color, answerColour(t.words[n+1][i]), s))
			}
		}
		writeWrapped(b, "    ", append(parts, "fits "+l[len(l)-1]), "  ", o.Width)
	}
}

func writeSkippedVectors(b *bytes.Buffer, rows []findings.VectorRow, o Options) {
	for _, r := range rows {
		if !answered(r) {
			line := sanitize.Line(fmt.Sprintf("%s-%s on %s: %s: %s", r.Source, r.Sink, strings.Join(r.Filesystems, ","), r.Verdict, r.Detail))
			b.WriteString("  " + paint(o.Color, palette.Verdict(r.Verdict).SGR, cut(line, o.Width-2)) + "\n")
		}
	}
}

// answer is an answer, or in short its outcome's letter and what follows it.
func answer(s string, short bool) string {
	word, rest, _ := strings.Cut(s, " ")
	if o := outcome.Outcome(word); short && slices.Contains(outcome.All, o) {
		return strings.TrimSpace(o.Letter() + " " + rest)
	}
	return s
}

// writeAnswers explains the letters of all.
func writeAnswers(b *bytes.Buffer, all []findings.Vector, o Options) {
	occur := map[outcome.Outcome]bool{}
	for _, v := range all {
		for _, p := range v.Probes {
			word, _, _ := strings.Cut(p, " ")
			if slices.Contains(outcome.All, outcome.Outcome(word)) {
				occur[outcome.Outcome(word)] = true
			}
		}
	}
	var parts []string
	for _, a := range results.SortedOutcomes(occur) {
		parts = append(parts, paint(o.Color, answerColour(string(a)), a.Letter())+" "+string(a))
	}
	b.WriteByte('\n')
	writeWrapped(b, "", parts, "  ", o.Width)
}

// answerColour is the colour of an answer: that of the outcome that it names. What
// is neither an outcome nor one of the other answers is unknown, and red.
func answerColour(s string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(s, "seal "), " ")
	switch word {
	case "", "-", "–", "yes", "no", "same", "changed", "ok":
		return classColour(outcome.Skips)
	}
	if isErrno(word) {
		word = string(outcome.Error)
	}
	colour, _ := palette.Outcome(outcome.Outcome(word))
	return colour.SGR
}

// isErrno reports whether word is written like EINVAL.
func isErrno(word string) bool {
	return len(word) > 2 && word[0] == 'E' && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}
