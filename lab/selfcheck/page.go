package selfcheck

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/faults"
	"github.com/splicelab/splicelab/results"
)

// proofPage is the table of positive controls as a Markdown page.
func proofPage(proofs []faults.Check, cells []results.Cell, command string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Fault-injection checks

A detector that has never been seen to fire proves nothing. This page was written by `+"`splicelab tests prove`"+`:
each test was run on real kernels while the data it examines was corrupted after the kernel's part was done
(`+"`sample`"+`: the bytes that the reader received; `+"`source`"+`: what one view of the source file shows;
`+"`observation`"+`: the number, errno or text that decides), and each cell had to fail. *Fired* counts the cells that were
given their fault and failed, and with which outcome. *Elsewhere* lists the other cells: skipped, with the reason; failed by
themselves before the fault was injected, as some tests do on today's kernels; or silent, which would be a blind detector.

Made by `+"`%s`"+` on %s. Generated: do not edit.

`, command, placesOf(cells))
	b.WriteString("| test | fault | fired | failed as | elsewhere |\n|---|---|---|---|---|\n")
	for _, p := range proofs {
		var not []string
		for _, r := range reasons(p.Silent, faults.WhySilent) {
			not = append(not, "silent on "+r.where+": "+r.text)
		}
		for _, r := range reasons(p.Early, func(c results.Cell) string { return string(c.Outcome) }) {
			not = append(not, "by itself on "+r.where+": "+text.OrDash(r.text))
		}
		for _, r := range reasons(p.Skipped, func(c results.Cell) string { return c.Detail }) {
			not = append(not, "skipped on "+r.where+": "+r.text)
		}
		for _, r := range reasons(append(p.Broken, p.Infra...), func(c results.Cell) string { return string(c.Verdict) + ": " + c.Detail }) {
			not = append(not, "no result on "+r.where+": "+r.text)
		}
		fmt.Fprintf(&b, "| %s | %s | %d of %d | %s | %s |\n", cellText(p.Test), cellText(p.Fault), len(p.Fired),
			len(p.Fired)+len(p.Early)+len(p.Silent)+len(p.Skipped)+len(p.Broken)+len(p.Infra), cellText(outcomesOf(p.Fired)), cellText(strings.Join(not, "; ")))
	}
	return b.Bytes()
}

// cellText escapes guest text for a cell of a Markdown table.
func cellText(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'").Replace(sanitize.Line(s))
}
