package catalogue

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
)

// showWidth is the line width of a test's description.
const showWidth = 90

// faultWords say what each fault corrupts.
var faultWords = map[string]string{
	"sample":      "the bytes that the reader received are poisoned",
	"source":      "what one view of the source file shows is corrupted",
	"observation": "the number, the errno or the text that decides is changed",
}

// Write writes descriptions of the tests, separated by blank lines. runWith is
// the command to run one, without the test's name.
func Write(w io.Writer, tests []Test, runWith string) error {
	var b bytes.Buffer
	for i, t := range tests {
		if i > 0 {
			b.WriteString("\n\n")
		}
		t.write(&b, runWith)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (s Test) write(b *bytes.Buffer, runWith string) {
	t := s.Test
	fmt.Fprintf(b, "%s\n", sanitize.Line(s.FullName()))
	for _, line := range text.Wrap(sanitize.Line(t.Doc), showWidth) {
		fmt.Fprintf(b, "%s\n", line)
	}
	b.WriteString("\n")
	fact := func(name, value string) {
		for i, line := range text.Wrap(sanitize.Line(value), showWidth-12) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(b, "%-10s  %s\n", name, line)
		}
	}
	fact("number", text.OrDash(t.ID))
	fact("family", text.OrDash(t.Family))
	fact("kind", t.ShownKind())
	fact("priority", fmt.Sprintf("P%d", t.Priority))
	if len(t.Quick) > 0 {
		fact("quick", strings.Join(t.Quick, ", "))
	}
	fact("needs", text.OrDash(strings.Join(t.Needs, ", ")))
	fact("modules", text.OrDash(strings.Join(t.Modules, ", ")))
	fault := text.OrDash(t.Fault)
	if words := faultWords[t.Fault]; words != "" {
		fault += ": " + words
	}
	fact("fault", fault)
	cells := text.OrDash(strings.Join(t.Cells, ", "))
	if len(t.Cells) > 0 {
		cells = fmt.Sprintf("%d: %s", len(t.Cells), cells)
	}
	fact("cells", cells)
	for _, l := range t.LeftOut {
		fact("left out", leftOut(l))
	}
	for i, step := range t.Steps {
		if i == 0 {
			b.WriteString("\nSteps\n")
		}
		item(b, fmt.Sprintf("%d.", i+1), step)
	}
	if t.Oracle != "" {
		b.WriteString("\nOracle\n")
		item(b, "", t.Oracle)
	}
	for i, known := range t.Known {
		if i == 0 {
			b.WriteString("\nKnown\n")
		}
		item(b, "-", known)
	}
	s.writeSeen(b, runWith)
}

// item is one entry of a list, after a mark.
func item(b *bytes.Buffer, mark, content string) {
	indent := strings.Repeat(" ", len(mark))
	if mark != "" {
		mark, indent = mark+" ", indent+" "
	}
	for i, line := range text.Wrap(sanitize.Line(content), showWidth-2-len(mark)) {
		if i > 0 {
			mark = indent
		}
		fmt.Fprintf(b, "  %s%s\n", mark, line)
	}
}

// writeSeen summarises the stored results: a line for each kernel and filesystem.
func (s Test) writeSeen(b *bytes.Buffer, runWith string) {
	if len(s.Seen) == 0 {
		b.WriteString("\nSeen here: nothing; " + runWith + " " + sanitize.Line(s.FullName()) + "\n")
		return
	}
	type place struct{ kernel, fs string }
	var order []place
	counts := map[place]map[string]int{}
	last := map[place]Observation{}
	for _, c := range s.Seen {
		p := place{c.Kernel, c.FS}
		if counts[p] == nil {
			order, counts[p] = append(order, p), map[string]int{}
		}
		what := c.Verdict
		if c.Outcome != "" {
			what += " " + c.Outcome
		}
		counts[p][what]++
		if c.At.After(last[p].At) {
			last[p] = c
		}
	}
	b.WriteString("\nSeen here: the newest result of each cell\n")
	w := text.NewTable(b)
	for _, p := range order {
		var parts []string
		for _, what := range slices.Sorted(maps.Keys(counts[p])) {
			parts = append(parts, fmt.Sprintf("%d %s", counts[p][what], what))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", sanitize.Line(p.kernel), sanitize.Line(p.fs), strings.Join(parts, ", "),
			last[p].At.Local().Format("2006-01-02"))
	}
	_ = w.Flush() // it writes to memory
}
