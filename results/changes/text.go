package changes

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
)

const (
	// shown is how many entries of a list are in the text; the reports have
	// them all.
	shown = 20
	// first is how many problems precede the changes.
	first = 2
	// reasonLength bounds a reason in the text, in bytes.
	reasonLength = 300
)

// section is a list of changes under its name.
type section struct {
	name, counted string // "new failures"; "1 new failure", "2 new failures"
	changes       []compare.Change
	command       bool // whether each has the command that reproduces it
	quiet         bool // no reason to notify
}

func (n Summary) sections() []section {
	return []section{
		{"new failures", "new failure", n.Worse, true, false},
		{"unexpected passes", "unexpected pass", n.Unexpected, true, false},
		{"changed", "changed", n.Changed, true, false},
		{"flaky: failed now or before, and not in all attempts", "flaky", n.Flaky, true, true},
		{"fixed", "fixed", n.Fixes, false, false},
		{"skips changed", "skip changed", n.Skips, false, false},
		{"new cells", "new cell", n.New, false, false},
		{"vanished cells", "cell vanished", n.Gone, false, false},
		{"nothing can be said: infra", "cell infra in one of the runs", n.Unknown, false, false},
	}
}

// Subject is the summary in one line, the most important first.
func (n Summary) Subject() string {
	var parts []string
	add := func(count int, one, many string) {
		switch {
		case count == 1:
			parts = append(parts, "1 "+one)
		case count > 1:
			parts = append(parts, fmt.Sprintf("%d %s", count, many))
		}
	}
	// Violations are a state, not a change: they may all have been there before.
	add(len(n.Violations), "violation", "violations")
	unchanged := len(parts)
	if n.Run.ID == "" {
		parts = append(parts, "nothing was run")
	}
	add(len(n.Worse), "new failure", "new failures")
	add(len(n.Problems), "problem", "problems")
	add(len(n.Missing), "kernel missing", "kernels missing")
	add(cells(n.NotRun), "cell not run", "cells not run")
	add(n.Infra, "cell infra", "cells infra")
	add(len(n.Unexpected), "unexpected pass", "unexpected passes")
	add(len(n.Changed), "cell changed", "cells changed")
	add(len(n.Flaky), "flaky", "flaky")
	add(len(n.Fixes), "fixed", "fixed")
	add(len(n.Skips), "skip changed", "skips changed")
	add(len(n.Replaced)+len(n.NewKernels), "new kernel", "new kernels")
	add(len(n.GoneKernels), "kernel gone", "kernels gone")
	add(len(n.New), "new cell", "new cells")
	add(len(n.Gone), "cell vanished", "cells vanished")
	if n.Unfinished != "" {
		parts = append(parts, "the previous run did not finish")
	}
	switch {
	case n.Run.ID != "" && n.Before.ID == "":
		parts = append(parts, "nothing to compare with yet")
	case len(parts) == unchanged:
		parts = append(parts, "as before")
	}
	return sanitize.Line(strings.Join(parts, ", "))
}

func cells(parts []Part) int {
	sum := 0
	for _, p := range parts {
		sum += p.Cells
	}
	return sum
}

// Text is the summary as plain text, safe to print. It begins with what every
// policy forbids, and its first ten lines are enough to decide whether to read
// on. reports are the files with the details.
func (n Summary) Text(reports []string) string {
	var b bytes.Buffer
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(sanitize.Text(fmt.Sprintf(format, args...)), "\n"))
	}
	line("%s", n.Subject())
	switch {
	case n.Run.ID == "":
	case n.Before.ID == "":
		line("run %s: %s", n.Run.ID, n.tally())
	default:
		line("run %s against %s: %s, %d unchanged", n.Run.ID, n.Before.ID, n.tally(), n.Same)
	}
	if len(reports) > 0 {
		line("report: %s", reports[0])
	}
	for _, p := range n.Problems[:min(first, len(n.Problems))] {
		line("PROBLEM: %s", short(p))
	}
	if n.Unfinished != "" {
		line("UNFINISHED: %s", short(n.Unfinished))
	}
	if len(n.Missing) > 0 {
		var names []string
		for _, m := range n.Missing {
			names = append(names, m.Kernel)
		}
		line("kernels missing: %s", short(strings.Join(names, ", ")))
	}
	n.violations(line)
	for _, s := range n.sections() {
		n.list(line, s)
	}
	n.parts(line)
	if len(n.Notes) > 0 {
		line("")
		for _, note := range n.Notes {
			line("note: %s", short(note))
		}
	}
	line("")
	for _, r := range reports {
		line("report: %s", r)
	}
	line("%s on %s, %s", n.Started.Format("2006-01-02 15:04 MST"), sanitize.Line(n.Host), n.Finished.Sub(n.Started).Round(time.Second))
	return b.String()
}

// numbered is a number with its noun.
func numbered(count int, noun string) string {
	if count != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", count, noun)
}

// tally counts the run's cells by verdict.
func (n Summary) tally() string {
	t := results.Count(n.Cells)
	words := []string{numbered(t.Cells, "cell")}
	for _, v := range outcome.Verdicts {
		if t.Verdicts[v] > 0 {
			words = append(words, fmt.Sprintf("%d %s", t.Verdicts[v], v))
		}
	}
	return strings.Join(words, ", ")
}

func (n Summary) list(line func(string, ...any), s section) {
	if len(s.changes) == 0 {
		return
	}
	line("")
	line("%s: %d", s.name, len(s.changes))
	for i, c := range s.changes {
		if i == shown {
			line("  and %d more: see the report", len(s.changes)-i)
			break
		}
		line("  %s: %s", sanitize.Line(c.CellKey.String()), n.change(c))
		if s.command {
			line("      %s", results.RepeatCommand(n.Run, c.CellKey))
		}
		if c.After != nil && c.After.Detail != "" {
			line("      %s", short(c.After.Detail))
		}
	}
}

// change is the result of a cell before and now.
func (n Summary) change(c compare.Change) string {
	was := ""
	if c.Before != nil {
		was = what(c.Before)
		for _, r := range n.Replaced {
			if r.Kernel == c.Kernel {
				was += " on " + r.Before
			}
		}
	}
	switch {
	case c.After == nil:
		return sanitize.Line("was " + was)
	case c.Before == nil:
		return sanitize.Line(what(c.After))
	}
	return sanitize.Line(was + " -> " + what(c.After))
}

func what(c *results.Cell) string {
	s := string(c.Verdict)
	if c.Outcome != outcome.None {
		s += " (" + string(c.Outcome) + ")"
	}
	if c.Flaky != "" {
		s += ", flaky " + c.Flaky
	}
	if c.Expected != "" {
		s += ", " + string(c.Expected)
		if c.Why != "" {
			s += ": " + c.Why
		}
	}
	return s
}

// parts writes what affects more than one cell.
func (n Summary) parts(line func(string, ...any)) {
	head := func(count int, name string) bool {
		if count > 0 {
			line("")
			line("%s: %d", name, count)
		}
		return count > 0
	}
	if len(n.Problems) > first {
		line("")
		for _, p := range n.Problems[first:] {
			line("PROBLEM: %s", short(p))
		}
	}
	if head(len(n.Missing), "kernels missing") {
		for _, m := range n.Missing {
			line("  %s: %s", sanitize.Line(m.Kernel), short(m.Reason))
		}
	}
	if head(cells(n.NotRun), "cells that were not run") {
		for _, p := range n.NotRun {
			line("  %s %s: %d of %d", sanitize.Line(p.Kernel), sanitize.Line(p.FS), p.Cells, p.Of)
		}
	}
	if head(len(n.Replaced)+len(n.NewKernels), "new kernels") {
		for _, r := range n.Replaced {
			line("  %s: compared with %s", sanitize.Line(r.Kernel), sanitize.Line(r.Before))
		}
		for _, k := range n.NewKernels {
			line("  %s: nothing to compare it with", sanitize.Line(k))
		}
	}
	if head(len(n.GoneKernels), "kernels of the previous run that are not in this one") {
		for _, p := range n.GoneKernels {
			line("  %s: %s", sanitize.Line(p.Kernel), numbered(p.Cells, "cell"))
		}
	}
	if head(len(n.Conditions), "conditions that differ") {
		for _, c := range n.Conditions {
			line("  %s: %s -> %s", sanitize.Line(c.Name), orNone(c.Before), orNone(c.After))
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return short(s)
}

// short makes one line of text and bounds it.
func short(text string) string {
	text = sanitize.Line(text)
	if len(text) <= reasonLength {
		return text
	}
	return strings.ToValidUTF8(text[:reasonLength], "") + "…"
}
