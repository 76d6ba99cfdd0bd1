package results

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"splicelab/outcome"
)

// WriteKTAP writes the run in the kernel's test anything protocol, version 1:
// a nested plan for each kernel × filesystem. Infra is "not ok" with a
// diagnostic that says so, for KTAP has no word for it.
func WriteKTAP(w io.Writer, r Run, cells []Cell) error {
	b := new(bytes.Buffer)
	cols, byColumn := columns(cells), grouped(cells)
	fmt.Fprintln(b, "KTAP version 1")
	fmt.Fprintf(b, "# run %s policy %s accel %s seed %d\n", ktapText(r.ID), ktapText(string(r.Policy)), ktapText(r.Accel), r.Seed)
	if r.Problem != "" {
		fmt.Fprintf(b, "# problem: %s\n", ktapText(r.Problem))
	}
	fmt.Fprintf(b, "1..%d\n", len(cols))
	for i, col := range cols {
		name := ktapText(col.kernel + " " + col.fs)
		fmt.Fprintln(b, "  KTAP version 1")
		fmt.Fprintln(b, "  # Subtest: "+name)
		fmt.Fprintf(b, "  1..%d\n", len(byColumn[col]))
		ok, skipped := true, 0
		for j, c := range byColumn[col] {
			writeKTAPCell(b, j+1, c)
			switch {
			case c.Verdict == outcome.Skip:
				skipped++
			case c.Verdict != outcome.Pass:
				ok = false
			}
		}
		line := fmt.Sprintf("%s %d %s", ktapResult(ok), i+1, name)
		if skipped == len(byColumn[col]) {
			line += " # SKIP every test was skipped"
		}
		fmt.Fprintln(b, line)
	}
	_, err := b.WriteTo(w)
	return err
}

func writeKTAPCell(b *bytes.Buffer, n int, c *Cell) {
	note := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  # %s: %s\n", ktapText(name), ktapText(value))
		}
	}
	if c.Verdict != outcome.Pass && c.Verdict != outcome.Skip {
		note("verdict", string(c.Verdict))
		note("detail", c.Detail)
	}
	note("outcome", string(c.Outcome))
	note("flaky", c.Flaky)
	for _, k := range slices.Sorted(maps.Keys(c.Covariates)) {
		note(k, c.Covariates[k])
	}
	line := fmt.Sprintf("  %s %d %s", ktapResult(c.Verdict == outcome.Pass || c.Verdict == outcome.Skip), n, ktapText(c.Test))
	if c.Verdict == outcome.Skip {
		line += " # SKIP " + ktapText(c.Detail)
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}

func ktapResult(ok bool) string {
	if ok {
		return "ok"
	}
	return "not ok"
}

// ktapText is s as a description: one line, in which "#" would begin a
// directive: Go numbers subtests of one name "name#01". There is no escape in
// KTAP, so a percent escape stands for it.
func ktapText(s string) string { return strings.ReplaceAll(CleanLine(s), "#", "%23") }
