package terminal

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
)

// WriteDiff writes what changed from run a to run b, or between kernels of theirs.
func WriteDiff(w io.Writer, a, b results.Run, d compare.Difference, o Options) error {
	o, _ = o.settle(b, nil)
	out := new(bytes.Buffer)
	named := func(r results.Run, side int) string {
		switch kernel, runs := d.Kernels[side], d.Runs[side]; {
		case kernel == "":
			return sanitize.Line(r.ID)
		case len(runs) > 1:
			return sanitize.Line(history.KernelPrefix + kernel)
		default:
			return sanitize.Line(r.ID + "/" + history.KernelPrefix + kernel)
		}
	}
	writeWrapped(out, "", []string{named(a, 0), "-> " + named(b, 1)}, " ", o.Width)
	if n, m := max(1, len(d.Runs[0])), max(1, len(d.Runs[1])); max(n, m) > 1 {
		fmt.Fprintf(out, "the newest result of each cell, of %s -> %s\n", plural(n, "run"), plural(m, "run"))
	}
	runs := []results.Run{a, b}
	if a.ID == b.ID {
		runs = runs[:1]
	}
	for i, r := range runs {
		if r.Problem != "" {
			writeProblem(out, "PROBLEM in "+sanitize.Line(r.ID)+": ", r.Problem, o)
		}
		switch n := d.Pending[i]; {
		case n == 1:
			writeWords(out, "", fmt.Sprintf("%s has not finished: 1 cell of %d has not run yet", sanitize.Line(r.ID), r.Planned), o.Width)
		case n > 1:
			writeWords(out, "", fmt.Sprintf("%s has not finished: %d cells of %d have not run yet", sanitize.Line(r.ID), n, r.Planned), o.Width)
		case r.Pending && len(d.Runs[i]) == 0:
			writeWords(out, "", fmt.Sprintf("%s has not finished", sanitize.Line(r.ID)), o.Width)
		}
	}
	if conditions := d.Conditions(a, b); len(conditions) > 0 {
		out.WriteString("\nconditions that differ\n")
		for _, c := range conditions {
			writeWords(out, "  "+cut(sanitize.Line(c.Name), o.Width/2-2)+": ", sanitize.Line(orNone(c.Before)+" -> "+orNone(c.After)), o.Width)
		}
	}
	writeDifference(out, d, o)
	_, err := out.WriteTo(w)
	return err
}

// listColour is the colour of a title, by ChangeList.Name.
func listColour(name string) string {
	switch name {
	case "new-failures":
		return classColour(outcome.Violates)
	case "unexpected-passes":
		return sgrUnexpected
	case "flaky":
		return sgrFlaky
	case "fixes":
		return classColour(outcome.Passes)
	case "changed":
		return classColour(outcome.Deviates)
	case "skips":
		return classColour(outcome.Skips)
	case "infra":
		return classColour(outcome.Undecided)
	}
	return ""
}

// WriteChanges writes the cells that differ, and the number of those that do not.
func WriteChanges(w io.Writer, d compare.Difference, o Options) error {
	o, _ = o.settle(results.Run{}, nil)
	out := new(bytes.Buffer)
	writeDifference(out, d, o)
	_, err := out.WriteTo(w)
	return err
}

func writeDifference(out *bytes.Buffer, d compare.Difference, o Options) {
	names := changedKernels(d)
	for _, l := range d.Lists() {
		if l.Name == "new" {
			writeNewFailing(out, d.NewFailing(), names, o)
		}
		if l.Name == "new" || l.Name == "gone" {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", paint(o.Color, listColour(l.Name), fmt.Sprintf("%s: %d", l.Title, len(l.Changes))))
		for _, c := range l.Changes {
			writeChange(out, c, names, o, d.Kernels == [2]string{})
		}
	}
	fmt.Fprintf(out, "\n%s unchanged\n", plural(d.Same, "cell"))
	// What only one side has is no change of a result, and can be thousands of
	// cells.
	for _, only := range []struct {
		of      string
		changes []compare.Change
	}{{"first", d.Gone}, {"second", d.New}} {
		if len(only.changes) > 0 {
			head := fmt.Sprintf("%s only in the %s: ", plural(len(only.changes), "cell"), only.of)
			writeWrapped(out, head, strings.Split(sanitize.Line(d.Summary(only.changes)), ", "), ", ", o.Width)
		}
	}
}

// newFailing is how many new cells that fail are listed.
const newFailing = 20

// writeNewFailing lists the failing cells that only the later side has.
func writeNewFailing(out *bytes.Buffer, all []compare.Change, names results.Labels, o Options) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", paint(o.Color, listColour("new-failures"), fmt.Sprintf("new cells that fail: %d", len(all))))
	for i, c := range all {
		if i == newFailing {
			fmt.Fprintf(out, "  and %d more\n", len(all)-i)
			break
		}
		writeChange(out, c, names, o, false)
	}
}

// changedKernels names the kernels of all changes.
func changedKernels(d compare.Difference) results.Labels {
	var cells []results.Cell
	for _, l := range d.Lists() {
		for _, c := range l.Changes {
			for _, cell := range []*results.Cell{c.Before, c.After} {
				if cell != nil {
					cells = append(cells, results.Cell{Attempt: results.Attempt{CellKey: cell.CellKey, Version: cell.Version, Platform: cell.Platform}})
				}
			}
		}
	}
	return results.NewLabels(results.Releases(cells))
}

// writeChange writes one change of a cell that the later side has. runs: names the
// earlier kernel if it differs.
func writeChange(b *bytes.Buffer, c compare.Change, names results.Labels, o Options, runs bool) {
	writeWrapped(b, "  ", []string{names.Full(c.Kernel), sanitize.Line(c.FS), sanitize.Line(c.Test)}, " ", o.Width)
	part := func(lead string, cell *results.Cell, tail string) string {
		text := cut(sanitize.Line(cell.What()), o.Width-6-len(lead)-visible(tail))
		return lead + paint(o.Color, stateColour(cell), text) + tail
	}
	parts := []string{part("", c.After, "")}
	if c.Before != nil {
		was := ""
		if runs && c.Before.Kernel != c.After.Kernel {
			was = " on " + names.Full(c.Before.Kernel)
		}
		parts = []string{part("", c.Before, was), part("-> ", c.After, "")}
	}
	detail := sanitize.Line(c.After.Detail)
	if line := "      " + strings.Join(parts, " ") + ": "; detail != "" && visible(line)+20 < o.Width {
		b.WriteString(line + cut(detail, o.Width-visible(line)) + "\n")
	} else {
		writeWrapped(b, "      ", parts, " ", o.Width)
		if detail != "" {
			b.WriteString("      " + cut(detail, o.Width-6) + "\n")
		}
	}
	if c.Now.Attempts > 0 {
		writeWords(b, "      ", rates(c), o.Width)
	}
	if c.After.Why != "" {
		writeWords(b, "      ", sanitize.Line(c.After.Why), o.Width)
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// rates formats the failure rates set by Assess.
func rates(c compare.Change) string {
	s := "failed " + c.Now.String() + " now, "
	switch {
	case c.Past.Attempts == 0:
		return s + "and has no history"
	case c.Past.Failed == 0:
		return s + "never in " + plural(c.Past.Attempts, "attempt") + " before"
	}
	return s + c.Past.String() + " before"
}
