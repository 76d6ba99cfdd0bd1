package format

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format/doc"
)

// ktapMark starts the line that identifies a KTAP document written by
// splicelab.
const ktapMark = "# splicelab run "

// WriteKTAP writes the run as KTAP version 1 with a nested plan for each kernel
// × filesystem. SKIP is the only directive that the kernel's parser reads, so
// an expected failure is a "not ok" with SKIP. What KTAP cannot express is in
// diagnostic lines before the result.
func WriteKTAP(w io.Writer, d Document) error {
	b := new(bytes.Buffer)
	groups, r := results.Groups(d.Cells), d.Run
	fmt.Fprintln(b, "KTAP version 1")
	fmt.Fprintf(b, "%s%s policy %s accel %s seed %d\n", ktapMark, ktapText(r.ID), ktapText(string(r.Policy)), ktapText(r.Accel), r.Seed)
	if r.Problem != "" {
		fmt.Fprintf(b, "# problem: %s\n", ktapText(r.Problem))
	}
	fmt.Fprintf(b, "1..%d\n", len(groups))
	for i, g := range groups {
		name := ktapText(g.Kernel + " " + g.FS)
		fmt.Fprintln(b, "  KTAP version 1")
		fmt.Fprintln(b, "  # Subtest: "+name)
		fmt.Fprintf(b, "  # kernel: %s\n  # filesystem: %s\n", ktapText(g.Kernel), ktapText(g.FS))
		for _, n := range platformNotes(g.Cells[0].Release().Platform) {
			fmt.Fprintf(b, "  # %s: %s\n", n.name, ktapText(n.value))
		}
		fmt.Fprintf(b, "  1..%d\n", len(g.Cells))
		ok, skipped := true, 0
		for j, c := range g.Cells {
			line, good := ktapLine(j+1, c)
			for _, n := range notes(c) {
				fmt.Fprintf(b, "  # %s: %s\n", escape(n.name, "#:"), ktapText(n.value))
			}
			fmt.Fprintln(b, "  "+line)
			ok = ok && good
			if strings.Contains(line, ktapSkip) {
				skipped++
			}
		}
		line := fmt.Sprintf("%s %d %s", ktapResult(ok), i+1, name)
		if skipped == len(g.Cells) {
			line += ktapSkip + "every test was skipped"
		}
		fmt.Fprintln(b, line)
	}
	_, err := b.WriteTo(w)
	return err
}

const ktapSkip = " # SKIP "

// ktapLine returns the result line of a cell; good means that it does not make
// its parent fail.
func ktapLine(n int, c *results.Cell) (line string, good bool) {
	ok, directive := c.Verdict == outcome.Pass || c.Verdict == outcome.Skip, ""
	good = ok
	switch {
	case c.Expected == results.XFail:
		directive, good = ktapSkip, true
	case c.Verdict == outcome.Skip:
		directive = ktapSkip
	case c.Verdict == outcome.Hang:
		directive = " # TIMEOUT "
	case c.Verdict == outcome.Infra:
		directive = " # ERROR "
	}
	name := ktapText(c.Test)
	if strings.HasPrefix(name, "- ") { // TAP's separator of number and name
		name = escape(name[:1], "-") + name[1:]
	}
	line = fmt.Sprintf("%s %d %s", ktapResult(ok), n, name)
	if directive != "" {
		line += directive + ktapText(doc.Reason(c))
	}
	return line, good
}

func ktapResult(ok bool) string {
	if ok {
		return "ok"
	}
	return "not ok"
}

// ktapEnds are messages of a dying kernel. The kernel's parser stops at one of
// them anywhere in a line.
var ktapEnds = strings.NewReplacer(
	"List of all partitions:", "List of all partitions%3A",
	"Kernel panic - not syncing: VFS:", "Kernel panic - not syncing%3A VFS%3A",
	"reboot: System halted", "reboot%3A System halted")

// ktapText makes s a one-line description. "#" would start a directive (Go
// names duplicate subtests "name#01"), and KTAP has no escape for it, so it is
// percent-encoded.
func ktapText(s string) string {
	return ktapEnds.Replace(escape(sanitize.Line(s), "#"))
}
