package findings

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// writePlatforms writes what differs between kernels of the same upstream version.
// Runs of one flavour have no such section.
func writePlatforms(b *bytes.Buffer, p Platforms, info func(string) TestInfo) {
	if !p.Several {
		return
	}
	b.WriteString("\n## Page sizes and architectures\n\n")
	if len(p.Versions) == 0 {
		b.WriteString("Nothing can be compared: no two flavours have a kernel of the same upstream version.\n")
		return
	}
	b.WriteString("Kernels of the same upstream version that differ in flavour, compared test by test on each filesystem. Only outcomes and verdicts are compared, not the bytes at which they were observed. Nothing is said about causes: flavours also differ in configuration.\n")
	for _, c := range p.Versions {
		writeComparison(b, c, info)
	}
	if len(p.Alone) > 0 {
		fmt.Fprintf(b, "\nNot compared, as no other flavour has a kernel of the same upstream version: %s.\n", strings.Join(cleanAll(p.Alone), ", "))
	}
}

func writeComparison(b *bytes.Buffer, c Comparison, info func(string) TestInfo) {
	fmt.Fprintf(b, "\n### %s\n\n", inMarkdown(c.Version))
	for _, k := range c.Kernels {
		fmt.Fprintf(b, "- %s: %s\n", inMarkdown(k.Release), inMarkdown(cmp.Or(k.Words(), "of unknown architecture")))
	}
	if len(c.Older) > 0 {
		fmt.Fprintf(b, "\nNot compared, as a newer package of the same version and flavour is: %s.\n", strings.Join(cleanAll(c.Older), ", "))
	}
	fmt.Fprintf(b, "\n%s in common: %d came out the same", cellCount(c.Common), c.Same)
	if c.Skipped > 0 {
		fmt.Fprintf(b, " (%d of them skipped on all)", c.Skipped)
	}
	fmt.Fprintf(b, ", %d differently, %d skipped on some only.\n", c.Different, c.PartlySkipped)
	if c.Incomplete > 0 {
		var lack []string
		for _, k := range c.Kernels {
			if k.Missing > 0 {
				lack = append(lack, fmt.Sprintf("%d on %s", k.Missing, inMarkdown(k.label)))
			}
		}
		fmt.Fprintf(b, "Without a result: %s", strings.Join(lack, ", "))
		if c.IncompleteDifferent > 0 {
			fmt.Fprintf(b, "; %s of these came out differently on the others", cellCount(c.IncompleteDifferent))
		}
		b.WriteString(".\n")
	}
	if c.Flaky > 0 {
		fmt.Fprintf(b, "Of those that came out differently, %d are flaky on at least one kernel.\n", c.Flaky)
	}
	writeDifferences(b, c, info)
	writeSkips(b, c)
}

func writeDifferences(b *bytes.Buffer, c Comparison, info func(string) TestInfo) {
	if len(c.Differences) == 0 {
		return
	}
	b.WriteString("\n| | test | filesystems |")
	for _, k := range c.Kernels {
		fmt.Fprintf(b, " %s |", inMarkdown(k.label))
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(c.Kernels)) + "\n")
	for _, d := range c.Differences {
		fmt.Fprintf(b, "| %s | %s | %s |", inMarkdown(info(topLevel(d.Tests[0])).ID), inMarkdown(d.name()), inMarkdown(strings.Join(d.Filesystems, ", ")))
		for _, shown := range d.Results {
			fmt.Fprintf(b, " %s |", inMarkdown(cmp.Or(shown, "–")))
		}
		b.WriteByte('\n')
	}
}

// maxSubtests is how many subtests are named in a row of a table.
const maxSubtests = 3

// name names the tests of a difference, some or all of the subtests of one test.
func (d Difference) name() string {
	top := topLevel(d.Tests[0])
	name := shortTest(top)
	switch {
	case len(d.Tests) > maxSubtests || len(d.Tests) > 1 && slices.Contains(d.Tests, top):
		return fmt.Sprintf("%s (%d alike)", name, len(d.Tests))
	case len(d.Tests) == 1:
		return name + strings.TrimPrefix(d.Tests[0], top)
	}
	subtests := make([]string, len(d.Tests))
	for i, t := range d.Tests {
		subtests[i] = strings.TrimPrefix(t, top+"/")
	}
	return name + "/{" + strings.Join(subtests, ",") + "}"
}

// maxReasons is how many reasons a page lists: one that contains a number of the
// kernel's, such as free memory, can be different in each cell.
const maxReasons = 30

func writeSkips(b *bytes.Buffer, c Comparison) {
	if len(c.Skips) == 0 {
		return
	}
	b.WriteString("\n| skipped on | cells | reason |\n|---|---|---|\n")
	others, left := 0, 0
	for i, s := range c.Skips {
		if i >= maxReasons {
			others, left = others+1, left+s.Cells
			continue
		}
		var on []string
		for _, k := range c.Kernels {
			if slices.Contains(s.Kernels, k.Release) {
				on = append(on, inMarkdown(k.label))
			}
		}
		fmt.Fprintf(b, "| %s | %d | %s |\n", strings.Join(on, ", "), s.Cells, inMarkdown(s.Reason))
	}
	if others > 0 {
		fmt.Fprintf(b, "\nOther reasons: %d, of %s.\n", others, cellCount(left))
	}
}
