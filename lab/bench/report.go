package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// Unit is the unit of a row's samples.
type Unit string

// The units.
const (
	Seconds   Unit = "s"
	PerMinute Unit = "/min"
	MiB       Unit = "MiB"
	Times     Unit = "×"
)

// Row is one measurement, possibly without samples.
type Row struct {
	What    string
	Unit    Unit
	Samples []float64
	Goal    float64 // 0 for none
	AtLeast bool    // the goal is a minimum; otherwise a maximum
	Note    string  // a remark on the samples, or why there are none
}

// Section is a part of the report. About says what its rows measure.
type Section struct {
	Title, About string
	Rows         []Row
}

// Report is the result of a measurement, and the machine that it was made on.
type Report struct {
	Machine  []Fact
	Sections []Section
}

// Fact is one line of the description of a machine.
type Fact struct{ Name, Value string }

// median is the median of the samples; 0 if there are none.
func median(samples []float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Ratio compares with the goal: 1 just meets it, 2 is twice as good. It is 0 if
// there is no goal, or nothing was measured.
func (r Row) Ratio() float64 {
	m := median(r.Samples)
	switch {
	case r.Goal == 0 || m <= 0:
		return 0
	case r.AtLeast:
		return m / r.Goal
	}
	return r.Goal / m
}

// number formats a value with as many digits as are significant.
func (u Unit) number(v float64) string {
	switch {
	case u == Seconds && v < 1:
		return fmt.Sprintf("%.0f ms", v*1000)
	case u == Seconds:
		return fmt.Sprintf("%.2f s", v)
	case u == PerMinute:
		return fmt.Sprintf("%.0f/min", v)
	case u == MiB:
		return fmt.Sprintf("%.0f MiB", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (r Row) goal() string {
	switch {
	case r.Goal == 0:
		return ""
	case r.AtLeast:
		return "≥ " + r.Unit.number(r.Goal)
	}
	return "≤ " + r.Unit.number(r.Goal)
}

// inTable escapes text for a cell of a Markdown table; some of it is output of
// other programs.
func inTable(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(sanitize.Line(s))
}

func (r Row) markdown() string {
	var cells []string
	if len(r.Samples) == 0 {
		cells = []string{inTable(r.What), "not measured", "", "", "0", r.goal(), "", inTable(r.Note)}
	} else {
		ratio := ""
		if v := r.Ratio(); v != 0 {
			ratio = fmt.Sprintf("%.2f", v)
		}
		cells = []string{
			inTable(r.What), r.Unit.number(median(r.Samples)),
			r.Unit.number(slices.Min(r.Samples)), r.Unit.number(slices.Max(r.Samples)), fmt.Sprint(len(r.Samples)),
			r.goal(), ratio, inTable(r.Note),
		}
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// WriteMarkdown writes the report: the tables, then the goals that are missed or
// were not measured.
func (r Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| the machine | |\n|---|---|\n")
	for _, f := range r.Machine {
		fmt.Fprintf(&b, "| %s | %s |\n", inTable(f.Name), inTable(f.Value))
	}
	var missed, open []string
	goals := 0
	for _, s := range r.Sections {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", s.Title, s.About)
		b.WriteString("| what | median | least | most | n | goal | ratio | note |\n|---|--:|--:|--:|--:|--:|--:|---|\n")
		for _, row := range s.Rows {
			b.WriteString(row.markdown() + "\n")
			if row.Goal == 0 {
				continue
			}
			goals++
			switch v := row.Ratio(); {
			case len(row.Samples) == 0:
				open = append(open, row.What)
			case v < 1:
				missed = append(missed, fmt.Sprintf("%s: %s, the goal is %s", row.What, row.Unit.number(median(row.Samples)), row.goal()))
			}
		}
	}
	b.WriteString("\n### Goals\n\n")
	if len(missed)+len(open) == 0 {
		fmt.Fprintf(&b, "All %d goals are met.\n", goals)
	} else {
		fmt.Fprintf(&b, "Of %d goals %d are met.\n\n", goals, goals-len(missed)-len(open))
	}
	for _, m := range missed {
		fmt.Fprintf(&b, "- Missed: %s.\n", sanitize.Line(m))
	}
	for _, o := range open {
		fmt.Fprintf(&b, "- Not measured: %s.\n", sanitize.Line(o))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
