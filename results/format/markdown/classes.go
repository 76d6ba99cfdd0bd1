package markdown

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/findings"
)

const (
	// namesListed is how many names a table's cell lists before it counts them.
	namesListed = 3
	// titleListed bounds a violation's title; its details have all of it.
	titleListed = 200
	// violationsShare is the part of the summary that violations may fill.
	violationsShare = maxSize / 3
)

// violations writes what every policy forbids: the first thing to read.
func (m *page) violations(all []findings.Violation) {
	if len(all) == 0 {
		m.b.WriteString("## Violations: none\n\n")
		return
	}
	sum := 0
	for _, v := range all {
		sum += v.Cells
	}
	fmt.Fprintf(&m.b, "## Violations: %d, in %s\n\n", len(all), cellCount(sum))
	m.b.WriteString("Every policy forbids them.\n\n")
	m.b.WriteString("| test | what | since | kernels | filesystems | cells | reproduce |\n|---|---|---|---|---|---:|---|\n")
	for i, v := range all {
		row := violationRow(v)
		if m.b.Len()+len(row) > violationsShare {
			fmt.Fprintf(&m.b, "\n%d more violations are omitted: %s.\n", len(all)-i, limitText)
			break
		}
		m.b.WriteString(row)
	}
	m.b.WriteString("\n")
}

func violationRow(v findings.Violation) string {
	what := v.What(func(title string) string { return codeCell(sanitize.Short(title, titleListed)) })
	var begins []string // one entry for each flavour
	for _, f := range v.Flavours {
		since := codeCell(f.Since)
		if f.Before != "" {
			since += ", not in " + codeCell(f.Before)
		}
		begins = append(begins, since)
	}
	command := codeCell(v.Command)
	if strings.Contains(v.Command, "|") {
		command = "" // codeCell would change it into another command
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %d | %s |\n",
		codeCell(v.Test), what, strings.Join(begins, "; "), listed(v.Kernels), listed(v.Filesystems), v.Cells, command)
}

// listed is some names, or the first and last of many.
func listed(all []string) string {
	if len(all) > namesListed {
		return fmt.Sprintf("%d, %s to %s", len(all), codeCell(all[0]), codeCell(all[len(all)-1]))
	}
	spans := make([]string, len(all))
	for i, name := range all {
		spans[i] = codeCell(name)
	}
	return strings.Join(spans, ", ")
}

// deviations summarises what one policy accepts and another one forbids, by
// outcome.
func (m *page) deviations() {
	type group struct {
		cells, bad                  int
		tests, kernels, filesystems map[string]bool
	}
	groups, sum, bad := map[outcome.Outcome]*group{}, 0, 0
	for i := range m.d.Cells {
		c := &m.d.Cells[i]
		if c.Class() != outcome.Deviates {
			continue
		}
		g := groups[c.Outcome]
		if g == nil {
			g = &group{tests: map[string]bool{}, kernels: map[string]bool{}, filesystems: map[string]bool{}}
			groups[c.Outcome] = g
		}
		g.tests[c.Test], g.kernels[c.Kernel], g.filesystems[c.FS] = true, true, true
		g.cells++
		sum++
		if c.Bad() {
			g.bad++
			bad++
		}
	}
	if sum == 0 {
		return
	}
	fmt.Fprintf(&m.b, "## Deviations: %s\n\nPolicies disagree about them; %d fail under %s.\n\n", cellCount(sum), bad, code(string(m.d.Run.Policy)))
	oldestFirst := results.ReleaseNames(results.Releases(m.d.Cells))
	m.b.WriteString("| outcome | cells | failed | tests | kernels | filesystems |\n|---|---:|---:|---:|---|---|\n")
	for _, o := range slices.SortedFunc(maps.Keys(groups), func(a, b outcome.Outcome) int {
		return cmp.Or(groups[b].cells-groups[a].cells, strings.Compare(string(a), string(b)))
	}) {
		g := groups[o]
		kernels := slices.DeleteFunc(slices.Clone(oldestFirst), func(k string) bool { return !g.kernels[k] })
		fmt.Fprintf(&m.b, "| %s | %d | %d | %d | %s | %s |\n", codeCell(string(o)), g.cells, g.bad, len(g.tests),
			listed(kernels), listed(slices.SortedFunc(maps.Keys(g.filesystems), results.CompareNatural)))
	}
	m.b.WriteString("\n")
}

func cellCount(n int) string {
	if n == 1 {
		return "1 cell"
	}
	return fmt.Sprintf("%d cells", n)
}
