package query

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Widths of the table.
const (
	minTable   = 60
	plainWidth = 80 // without a screen
	// narrow leaves no room for the selection beside the id: it is below.
	narrow = 78
	// Selections of tests can be long patterns: WriteRun shows all of them.
	selectionWidth = 60
)

// table writes a line for each run if they fit, else two or more.
func (l RunList) table(out io.Writer, width int, now time.Time) error {
	width = max(width, minTable)
	lines, below := l.rows(true, true, now), []string(nil)
	if slices.ContainsFunc(lines, func(line string) bool { return runewidth.StringWidth(line) > width }) {
		lines = l.rows(width >= narrow, false, now)
		for _, r := range l.Runs {
			second := r.result()
			if width < narrow {
				second = strings.TrimPrefix(selectionWords(r.Run)+"; "+second, "; ")
			}
			below = append(below, second)
		}
	}
	for i, line := range lines {
		if _, err := fmt.Fprintln(out, runewidth.Truncate(line, width, "…")); err != nil {
			return err
		}
		if i == 0 || below == nil {
			continue
		}
		const indent = "    "
		for _, line := range text.Wrap(below[i-1], width-len(indent)) {
			if _, err := fmt.Fprintln(out, indent+runewidth.Truncate(line, width-len(indent), "…")); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows are the lines of the table with its head.
func (l RunList) rows(selection, result bool, now time.Time) []string {
	w := text.NewTable(io.Discard)
	row := func(run, started, age, took, selected, counts string) {
		cells := []string{run}
		if result {
			cells = append(cells, started)
		}
		cells = append(cells, age, took)
		if selection {
			cells = append(cells, selected)
		}
		if result {
			cells = append(cells, counts)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	row("RUN", "STARTED", "AGE", "TOOK", "SELECTION", "RESULT")
	for _, r := range l.Runs {
		took := "-"
		if !r.Pending {
			took = r.Took().Round(time.Second).String()
		}
		row(sanitize.Line(r.ID), r.Started.Local().Format("2006-01-02 15:04"), age(now.Sub(r.Started)), took,
			runewidth.Truncate(selectionWords(r.Run), selectionWidth, "…"), r.result())
	}
	return w.Lines()
}

// problemWidth is how many columns of a problem the list shows; WriteRun shows
// all of it.
const problemWidth = 60

// result has the counts of a run, what changed in them, and its marks.
func (r ListedRun) result() string {
	var parts []string
	switch {
	case r.Running:
		parts = append(parts, "running")
	case r.Pending:
		parts = append(parts, "interrupted")
	}
	result := classes(r.Tally)
	if r.Cells != r.Planned {
		result = strings.TrimSuffix(fmt.Sprintf("%d of %s: %s", r.Cells, text.Count(r.Planned, "cell"), result), ": ")
	}
	parts = append(parts, result)
	if change := changeWords(r.Change); change != "" {
		parts = append(parts, change)
	}
	if r.Origin != results.OriginUser {
		parts = append(parts, sanitize.Line(string(r.Origin)))
	}
	for _, m := range r.Marks {
		parts = append(parts, "@"+sanitize.Line(m))
	}
	if r.Problem != "" {
		parts = append(parts, runewidth.Truncate("problem: "+sanitize.Line(r.Problem), problemWidth, "…"))
	}
	return strings.Join(parts, "; ")
}

// changeWords says how many more or fewer violations and deviations there are
// than in the run before: "+2 violations".
func changeWords(change map[outcome.Class]int) string {
	var words []string
	for _, c := range []struct {
		class outcome.Class
		noun  string
	}{{outcome.Violates, "violations"}, {outcome.Deviates, "deviations"}} {
		if n := change[c.class]; n != 0 {
			noun := c.noun
			if n == 1 || n == -1 {
				noun = strings.TrimSuffix(noun, "s")
			}
			words = append(words, fmt.Sprintf("%+d %s", n, noun))
		}
	}
	return strings.Join(words, ", ")
}

// selectionWords are the kernels, filesystems and tests of a run in a few words.
func selectionWords(r results.Run) string {
	var words []string
	switch n := len(r.Kernels); {
	case n == 1:
		words = append(words, shortKernel(r.Kernels[0]))
	case n > 1:
		byVersion := func(a, b results.Kernel) int { return a.Release.Compare(b.Release) }
		first, last := slices.MinFunc(r.Kernels, byVersion), slices.MaxFunc(r.Kernels, byVersion)
		from, to := first.Series(), last.Series()
		if from == to {
			from, to = shortKernel(first), shortKernel(last)
		}
		if from != to {
			from += "–" + to
		}
		words = append(words, fmt.Sprintf("%d kernels %s", n, from))
	}
	words = append(words, flavourWords(r.Kernels)...)
	switch fs := r.Selected.Filesystems; {
	case len(fs) > 2:
		words = append(words, fmt.Sprintf("%d fs", len(fs)))
	default:
		words = append(words, fs...)
	}
	if r.Selected.Tests != "" {
		words = append(words, r.Selected.Tests)
	}
	return sanitize.Line(strings.Join(words, ", "))
}

// flavourWords names the flavour of a run's kernels, unless that is the default one.
func flavourWords(kernels []results.Kernel) []string {
	if !slices.ContainsFunc(kernels, func(k results.Kernel) bool { return !k.Usual() }) {
		return nil
	}
	var tags []string
	for _, k := range kernels {
		if tag := k.Tag(); tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	if len(tags) > 2 {
		return []string{fmt.Sprintf("%d flavours", len(tags))}
	}
	return tags
}

// shortKernel is the upstream version of a kernel, or its release if that is not
// known.
func shortKernel(k results.Kernel) string {
	if k.Version.IsZero() {
		return k.Name
	}
	return k.Version.String()
}

// age is a duration as people say it.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/day)
}
