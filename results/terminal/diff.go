package terminal

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
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
	fmt.Fprintf(out, "%s -> %s\n", named(a, 0), named(b, 1))
	if n, m := max(1, len(d.Runs[0])), max(1, len(d.Runs[1])); max(n, m) > 1 {
		fmt.Fprintf(out, "the newest result of each cell, of %s -> %s\n", plural(n, "run"), plural(m, "run"))
	}
	runs := []results.Run{a, b}
	if a.ID == b.ID {
		runs = runs[:1]
	}
	for i, r := range runs {
		if r.Problem != "" {
			out.WriteString(paint(o.Color, sgrCrash, cut("PROBLEM in "+sanitize.Line(r.ID)+": "+sanitize.Line(r.Problem), o.Width)) + "\n")
		}
		switch n := d.Pending[i]; {
		case n == 1:
			fmt.Fprintf(out, "%s has not finished: 1 cell of %d has not run yet\n", sanitize.Line(r.ID), r.Planned)
		case n > 1:
			fmt.Fprintf(out, "%s has not finished: %d cells of %d have not run yet\n", sanitize.Line(r.ID), n, r.Planned)
		case r.Pending && len(d.Runs[i]) == 0:
			fmt.Fprintf(out, "%s has not finished\n", sanitize.Line(r.ID))
		}
	}
	if conditions := d.Conditions(a, b); len(conditions) > 0 {
		out.WriteString("\nconditions that differ\n")
		for _, c := range conditions {
			out.WriteString("  " + sanitize.Line(fmt.Sprintf("%s: %s -> %s", c.Name, orNone(c.Before), orNone(c.After))) + "\n")
		}
	}
	writeDifference(out, d, o)
	_, err := out.WriteTo(w)
	return err
}

// listColors are the colours of the titles, by ChangeList.Name.
var listColors = map[string]string{
	"new-failures":      sgrFail,
	"unexpected-passes": sgrUnexpected,
	"flaky":             sgrFlaky,
	"fixes":             sgrPass,
	"changed":           sgrHang,
	"skips":             sgrSkip,
	"infra":             sgrInfra,
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
	for _, l := range d.Lists() {
		if l.Name == "new" || l.Name == "gone" {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", paint(o.Color && listColors[l.Name] != "", listColors[l.Name], fmt.Sprintf("%s: %d", l.Title, len(l.Changes))))
		for _, c := range l.Changes {
			writeChange(out, c, o.Width, d.Kernels == [2]string{})
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

// writeChange writes one change of a cell that both sides have. runs: names the earlier kernel if it differs.
func writeChange(b *bytes.Buffer, c compare.Change, width int, runs bool) {
	fmt.Fprintf(b, "  %s\n", sanitize.Line(c.CellKey.String()))
	was := c.Before.What()
	if runs && c.Before.Kernel != c.After.Kernel {
		was += " on " + c.Before.Kernel
	}
	change := was + " -> " + c.After.What()
	if c.After.Detail != "" {
		change += ": " + c.After.Detail
	}
	lines := []string{change}
	if c.Now.Attempts > 0 {
		lines = append(lines, rates(c))
	}
	if c.After.Why != "" {
		lines = append(lines, c.After.Why)
	}
	for _, l := range lines {
		fmt.Fprintf(b, "      %s\n", cut(sanitize.Line(l), width-6))
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
