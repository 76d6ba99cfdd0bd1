package catalogue

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
)

// ListWidth is the width of a list that does not go to a terminal.
const ListWidth = 100

// family is a run of tests of one suite and family.
type family struct {
	suite, name string
	tests       []protocol.Test
}

// families groups the tests of the suites, in their order.
func families(suites []protocol.Suite) []family {
	var out []family
	at := map[string]int{}
	for _, s := range suites {
		for _, t := range s.Tests {
			key := s.Name + "\x00" + t.Family
			i, known := at[key]
			if !known {
				i = len(out)
				at[key] = i
				out = append(out, family{suite: s.Name, name: t.Family})
			}
			out[i].tests = append(out[i].tests, t)
		}
	}
	return out
}

// List writes the tests by family: a line of facts for each, and below it its
// description and requirements, wrapped at width.
func List(suites []protocol.Suite, width int) string {
	var b bytes.Buffer
	tests, cells, idWidth := 0, 0, 2
	for _, s := range suites {
		for _, t := range s.Tests {
			tests, cells, idWidth = tests+1, cells+cellsOf(t), max(idWidth, len(t.ID))
		}
	}
	indent := strings.Repeat(" ", idWidth+4)
	for _, f := range families(suites) {
		title := f.suite
		if f.name != "" && f.name != f.suite {
			title += ": " + f.name
		}
		fmt.Fprintf(&b, "%s\n", sanitize.Line(title))
		facts := text.NewTable(&b)
		for _, t := range f.tests {
			fmt.Fprintf(facts, "  %-*s  %s\t%s\tP%d\t%s\n", idWidth, sanitize.Line(text.OrDash(t.ID)), sanitize.Line(t.Name),
				sanitize.Line(t.ShownKind()), t.Priority, text.Count(cellsOf(t), "cell"))
		}
		lines := facts.Lines()
		for i, t := range f.tests {
			b.WriteString(lines[i] + "\n")
			for _, part := range slices.Concat([]string{t.Doc, needsOf(t)}, leftOutOf(t)) {
				for _, line := range text.Wrap(sanitize.Line(part), width-len(indent)) {
					b.WriteString(indent + line + "\n")
				}
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s, %s on each kernel and filesystem\n", text.Count(tests, "test"), text.Count(cells, "cell"))
	return b.String()
}

// needsOf lists the requirements without which a test skips.
func needsOf(t protocol.Test) string {
	var parts []string
	if len(t.Needs) > 0 {
		parts = append(parts, "needs "+strings.Join(t.Needs, ", "))
	}
	if len(t.Modules) > 0 {
		noun := "module "
		if len(t.Modules) > 1 {
			noun = "modules "
		}
		parts = append(parts, noun+strings.Join(t.Modules, ", "))
	}
	return strings.Join(parts, "; ")
}

// leftOutOf says what each page size leaves out.
func leftOutOf(t protocol.Test) []string {
	var out []string
	for _, l := range t.LeftOut {
		out = append(out, leftOut(l))
	}
	return out
}

// leftOut is the reason with the cells: "with pages of 64 KiB …: without a, b".
func leftOut(l protocol.LeftOut) string { return l.Reason + ": without " + strings.Join(l.Cells, ", ") }

// cellsOf is the number of cells of a test per kernel and filesystem.
func cellsOf(t protocol.Test) int { return max(len(t.Cells), 1) }
