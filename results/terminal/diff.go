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
	fmt.Fprintf(out, "%s -> %s\n", named(a, d.Kernels[0]), named(b, d.Kernels[1]))
	runs := []results.Run{a, b}
	if a.ID == b.ID {
		runs = runs[:1]
	}
	for _, r := range runs {
		switch {
		case r.Problem != "":
			out.WriteString(paint(o.Color, sgrCrash, cut("PROBLEM in "+sanitize.Line(r.ID)+": "+sanitize.Line(r.Problem), o.Width)) + "\n")
		case r.Finished.IsZero():
			fmt.Fprintf(out, "%s is not finished\n", sanitize.Line(r.ID))
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
		fmt.Fprintf(out, "\n%s\n", paint(o.Color && listColors[l.Name] != "", listColors[l.Name], fmt.Sprintf("%s: %d", l.Title, len(l.Changes))))
		for changes := l.Changes; len(changes) > 0; {
			n := 1
			if of := (results.Column{Kernel: changes[0].Kernel, FS: changes[0].FS}); (l.Name == "new" || l.Name == "gone") && !d.Shared(of) {
				for n < len(changes) && (results.Column{Kernel: changes[n].Kernel, FS: changes[n].FS}) == of {
					n++
				}
			}
			if n > 1 {
				writeColumn(out, changes[:n])
			} else {
				writeChange(out, changes[0], o.Width, d.Kernels == [2]string{})
			}
			changes = changes[n:]
		}
	}
	fmt.Fprintf(out, "\n%s unchanged\n", plural(d.Same, "cell"))
}

// writeColumn writes the cells of a kernel and filesystem that the other run
// lacks entirely: one change, not hundreds.
func writeColumn(b *bytes.Buffer, changes []compare.Change) {
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
	fmt.Fprintf(b, "  %s: all %s\n      %s\n", sanitize.Line(changes[0].Kernel+" "+changes[0].FS), plural(len(changes), "cell"), strings.Join(parts, ", "))
}

// writeChange writes one change. runs: names the earlier kernel if it differs.
func writeChange(b *bytes.Buffer, c compare.Change, width int, runs bool) {
	fmt.Fprintf(b, "  %s\n", sanitize.Line(c.CellKey.String()))
	text := ""
	switch {
	case c.Before == nil:
		text = c.After.What()
	case c.After == nil:
		text = "was " + c.Before.What()
	default:
		was := c.Before.What()
		if runs && c.Before.Kernel != c.After.Kernel {
			was += " on " + c.Before.Kernel
		}
		text = was + " -> " + c.After.What()
	}
	if c.After != nil && c.After.Detail != "" {
		text += ": " + c.After.Detail
	}
	lines := []string{text}
	if c.Now.Attempts > 0 {
		lines = append(lines, rates(c))
	}
	if c.After != nil && c.After.Why != "" {
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
