package results

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// WriteDiff tells people what changed from run a to run b, or between kernels
// of theirs.
func WriteDiff(w io.Writer, a, b Run, d Difference, o MatrixOptions) error {
	o, _ = o.settle(b, nil)
	out := new(bytes.Buffer)
	named := func(r Run, kernel string) string {
		if kernel == "" {
			return CleanLine(r.ID)
		}
		return CleanLine(r.ID + "/" + KernelPrefix + kernel)
	}
	fmt.Fprintf(out, "%s -> %s\n", named(a, d.Kernels[0]), named(b, d.Kernels[1]))
	runs := []Run{a, b}
	if a.ID == b.ID {
		runs = runs[:1]
	}
	for _, r := range runs {
		switch {
		case r.Problem != "":
			out.WriteString(paint(o.Color, sgrCrash, cut("PROBLEM in "+CleanLine(r.ID)+": "+CleanLine(r.Problem), o.Width)) + "\n")
		case r.Finished.IsZero():
			fmt.Fprintf(out, "%s is not finished\n", CleanLine(r.ID))
		}
	}
	if conditions := d.Conditions(a, b); len(conditions) > 0 {
		out.WriteString("\nconditions that differ\n")
		for _, c := range conditions {
			out.WriteString("  " + CleanLine(fmt.Sprintf("%s: %s -> %s", c.Name, orNone(c.Before), orNone(c.After))) + "\n")
		}
	}
	d.write(out, o)
	_, err := out.WriteTo(w)
	return err
}

// WriteChanges lists the cells that differ, and counts those that do not.
func WriteChanges(w io.Writer, d Difference, o MatrixOptions) error {
	o, _ = o.settle(Run{}, nil)
	out := new(bytes.Buffer)
	d.write(out, o)
	_, err := out.WriteTo(w)
	return err
}

func (d Difference) write(out *bytes.Buffer, o MatrixOptions) {
	for _, l := range d.Lists() {
		fmt.Fprintf(out, "\n%s\n", paint(o.Color && l.color != "", l.color, fmt.Sprintf("%s: %d", l.Title, len(l.Changes))))
		for changes := l.Changes; len(changes) > 0; {
			n := 1
			if of := (column{changes[0].Kernel, changes[0].FS}); (l.Name == "new" || l.Name == "gone") && !d.shared[of] {
				for n < len(changes) && (column{changes[n].Kernel, changes[n].FS}) == of {
					n++
				}
			}
			if n > 1 {
				writeColumn(out, changes[:n])
			} else {
				changes[0].write(out, o.Width, d.Kernels == [2]string{})
			}
			changes = changes[n:]
		}
	}
	fmt.Fprintf(out, "\n%s unchanged\n", plural(d.Same, "cell"))
}

// writeColumn tells of the cells of a kernel and filesystem of which the other
// run has nothing: that is one change, not hundreds.
func writeColumn(b *bytes.Buffer, changes []Change) {
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
	fmt.Fprintf(b, "  %s: all %s\n      %s\n", CleanLine(changes[0].Kernel+" "+changes[0].FS), plural(len(changes), "cell"), strings.Join(parts, ", "))
}

// write tells of the change; a kernel that is not the same only where runs are
// compared.
func (c Change) write(b *bytes.Buffer, width int, runs bool) {
	fmt.Fprintf(b, "  %s\n", CleanLine(c.CellKey.String()))
	text := ""
	switch {
	case c.Before == nil:
		text = c.After.what()
	case c.After == nil:
		text = "was " + c.Before.what()
	default:
		was := c.Before.what()
		if runs && c.Before.Kernel != c.After.Kernel {
			was += " on " + c.Before.Kernel
		}
		text = was + " -> " + c.After.what()
	}
	if c.After != nil && c.After.Detail != "" {
		text += ": " + c.After.Detail
	}
	lines := []string{text}
	if c.Now.Attempts > 0 {
		lines = append(lines, c.weighed())
	}
	if c.After != nil && c.After.Why != "" {
		lines = append(lines, c.After.Why)
	}
	for _, l := range lines {
		fmt.Fprintf(b, "      %s\n", cut(CleanLine(l), width-6))
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
