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
	named := func(r results.Run, kernel string) string {
		if kernel == "" {
			return sanitize.Line(r.ID)
		}
		return sanitize.Line(r.ID + "/" + history.KernelPrefix + kernel)
	}
	writeWrapped(out, "", []string{named(a, d.Kernels[0]), "-> " + named(b, d.Kernels[1])}, " ", o.Width)
	runs := []results.Run{a, b}
	if a.ID == b.ID {
		runs = runs[:1]
	}
	for _, r := range runs {
		switch {
		case r.Problem != "":
			writeProblem(out, "PROBLEM in "+sanitize.Line(r.ID)+": ", r.Problem, o)
		case r.Finished.IsZero():
			fmt.Fprintf(out, "%s is not finished\n", sanitize.Line(r.ID))
		}
	}
	if conditions := d.Conditions(a, b); len(conditions) > 0 {
		out.WriteString("\nconditions that differ\n")
		for _, c := range conditions {
			writeWrapped(out, "  "+cut(sanitize.Line(c.Name), o.Width-4)+": ", []string{sanitize.Line(orNone(c.Before)), "-> " + sanitize.Line(orNone(c.After))}, " ", o.Width)
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
		fmt.Fprintf(out, "\n%s\n", paint(o.Color, listColour(l.Name), fmt.Sprintf("%s: %d", l.Title, len(l.Changes))))
		for changes := l.Changes; len(changes) > 0; {
			n := 1
			if of := (results.Column{Kernel: changes[0].Kernel, FS: changes[0].FS}); (l.Name == "new" || l.Name == "gone") && !d.Shared(of) {
				for n < len(changes) && (results.Column{Kernel: changes[n].Kernel, FS: changes[n].FS}) == of {
					n++
				}
			}
			if n > 1 {
				writeColumn(out, changes[:n], names, o)
			} else {
				writeChange(out, changes[0], names, o, d.Kernels == [2]string{})
			}
			changes = changes[n:]
		}
	}
	fmt.Fprintf(out, "\n%s unchanged\n", plural(d.Same, "cell"))
}

// changedKernels names the kernels of all changes.
func changedKernels(d compare.Difference) labels {
	var cells []results.Cell
	for _, l := range d.Lists() {
		for _, c := range l.Changes {
			for _, cell := range []*results.Cell{c.Before, c.After} {
				if cell != nil {
					cells = append(cells, results.Cell{Attempt: results.Attempt{CellKey: cell.CellKey, Version: cell.Version}})
				}
			}
		}
	}
	return newLabels(results.Releases(cells))
}

// writeColumn writes the cells of a kernel and filesystem that the other run
// lacks entirely: one change, not hundreds.
func writeColumn(b *bytes.Buffer, changes []compare.Change, names labels, o Options) {
	n := map[outcome.Verdict]int{}
	for _, c := range changes {
		if c.After != nil {
			n[c.After.Verdict]++
		} else {
			n[c.Before.Verdict]++
		}
	}
	var parts []string
	for _, v := range outcome.Verdicts {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	writeWrapped(b, "  ", []string{names.full(changes[0].Kernel), sanitize.Line(changes[0].FS) + ": all " + plural(len(changes), "cell")}, " ", o.Width)
	writeWrapped(b, "      ", parts, ", ", o.Width)
}

// writeChange writes one change. runs: names the earlier kernel if it differs.
func writeChange(b *bytes.Buffer, c compare.Change, names labels, o Options, runs bool) {
	writeWrapped(b, "  ", []string{names.full(c.Kernel), sanitize.Line(c.FS), sanitize.Line(c.Test)}, " ", o.Width)
	var parts []string
	add := func(lead string, cell *results.Cell, tail string) {
		text := cut(sanitize.Line(cell.What()), o.Width-6-len(lead)-visible(tail))
		parts = append(parts, lead+paint(o.Color, stateColour(cell), text)+tail)
	}
	switch {
	case c.Before == nil:
		add("", c.After, "")
	case c.After == nil:
		add("was ", c.Before, "")
	default:
		was := ""
		if runs && c.Before.Kernel != c.After.Kernel {
			was = " on " + names.full(c.Before.Kernel)
		}
		add("", c.Before, was)
		add("-> ", c.After, "")
	}
	detail := ""
	if c.After != nil {
		detail = sanitize.Line(c.After.Detail)
	}
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
	if c.After != nil && c.After.Why != "" {
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
