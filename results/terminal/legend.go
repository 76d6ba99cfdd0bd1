package terminal

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/palette"
)

func classColour(c outcome.Class) string { return palette.Class(c).SGR }

// seen is what occurs in the cells that a matrix shows.
type seen struct {
	verdicts map[outcome.Verdict]bool // with a mark of their own
	expected map[results.Expected]bool
	pass     bool // ".": a pass that is no deviation
	accepted bool // ":": a deviation that the policy accepts
	// The letters of "x": deviations that the policy forbids, and violations.
	refused, violated map[outcome.Outcome]bool
	flaky             bool
}

func newSeen(cells func(func(*results.Cell))) seen {
	s := seen{verdicts: map[outcome.Verdict]bool{}, expected: map[results.Expected]bool{}, refused: map[outcome.Outcome]bool{}, violated: map[outcome.Outcome]bool{}}
	cells(func(c *results.Cell) {
		s.expected[c.Expected] = true
		s.flaky = s.flaky || c.Flaky != ""
		judged := c.Verdict == outcome.Pass || c.Verdict == outcome.Fail
		switch deviates := c.Class() == outcome.Deviates; {
		case !judged:
			// The marks of expected crashes and hangs contain the verdict's.
			s.verdicts[c.Verdict] = true
		case c.Expected != "":
		case c.Verdict == outcome.Pass && deviates:
			s.accepted = true
		case c.Verdict == outcome.Pass:
			s.pass = true
		case deviates:
			s.refused[c.Outcome] = true
		default:
			s.violated[c.Outcome] = true
		}
	})
	return s
}

// writeLegend explains the marks that occur in the matrix.
func (m *matrix) writeLegend(b *bytes.Buffer) {
	s := newSeen(func(visit func(*results.Cell)) {
		for _, r := range m.rows {
			for _, c := range r.cells {
				if c != nil {
					visit(c)
				}
			}
		}
		for _, f := range m.folds {
			for _, span := range f.spans {
				visit(span.cell)
			}
		}
	})
	if len(s.expected) == 0 {
		return
	}
	var parts []string
	add := func(sgr, mark, text string) {
		parts = append(parts, paint(m.o.Color, sgr, mark)+" "+text)
	}
	if s.pass {
		add(classColour(outcome.Passes), ".", "pass")
	}
	if s.accepted {
		add(classColour(outcome.Deviates), markDeviates, "deviates")
	}
	both := len(s.refused) > 0 && len(s.violated) > 0
	if len(s.refused) > 0 {
		add(classColour(outcome.Deviates), "x"+letters(s.refused, both), "deviates, fails")
	}
	if len(s.violated) > 0 {
		add(classColour(outcome.Violates), "x"+letters(s.violated, both), "violation")
	}
	for _, v := range outcome.Verdicts {
		if s.verdicts[v] {
			add(palette.Verdict(v).SGR, results.VerdictMark(v), string(v))
		}
	}
	if s.expected[results.XFail] {
		add(sgrExpected, markExpected, "XFAIL: fails as expected")
	}
	if s.expected[results.XPass] {
		add(sgrUnexpected, markUnexpected, "XPASS: passes unexpectedly")
	}
	if s.flaky {
		add(sgrFlaky, "*", "flaky")
	}
	b.WriteByte('\n')
	writeWrapped(b, "", parts, "  ", m.o.Width)
	m.writeKernels(b)
}

// letters are the outcomes of a mark, where they tell two marks apart.
func letters(outcomes map[outcome.Outcome]bool, needed bool) string {
	s := ""
	for _, o := range results.SortedOutcomes(outcomes) {
		s += strings.TrimSpace(o.Letter())
	}
	if !needed || s == "" {
		return ""
	}
	return "[" + s + "]"
}

// writeKernels tells which packages the headings name, if these do not.
func (m *matrix) writeKernels(b *bytes.Buffer) {
	var full []string
	shortened := false
	for _, k := range m.kernels {
		full = append(full, m.labels.Long[k])
		shortened = shortened || m.labels.Short[k] != m.labels.Long[k]
	}
	if shortened && (len(m.blocks) == 0 || m.heads[m.kernels[0]] != m.labels.Long[m.kernels[0]]) {
		writeWrapped(b, "kernels: ", full, ", ", m.o.Width)
	}
}

// writeTally writes the number of cells by class and by outcome.
func writeTally(b *bytes.Buffer, r results.Run, cells []results.Cell, o Options) {
	t := results.Count(cells)
	var parts []string
	count := func(n int, format string, args ...any) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d ", n)+fmt.Sprintf(format, args...))
		}
	}
	count(t.Classes[outcome.Passes], "pass")
	count(t.Classes[outcome.Deviates], "deviates%s", refused(cells))
	count(t.Classes[outcome.Violates], "violation%s", deaths(t))
	count(t.Classes[outcome.Skips], "skip")
	count(t.Classes[outcome.Undecided], "infra")
	count(t.XFail, "of them XFAIL")
	count(t.XPass, "of them XPASS")
	count(t.Flaky, "flaky")
	count(r.Planned-t.Cells, "planned but not run")
	writeWrapped(b, plural(t.Cells, "cell")+": ", parts, ", ", o.Width)
	parts = nil
	seen := observed(cells)
	for _, out := range results.SortedOutcomes(seen) {
		colour, _ := palette.Outcome(out)
		parts = append(parts, fmt.Sprintf("%d %s %s", seen[out], paint(o.Color, colour.SGR, out.Letter()), cut(sanitize.Line(string(out)), maxWord)))
	}
	writeWrapped(b, "outcomes: ", parts, ", ", o.Width)
}

// maxWord is how much is shown of a word that should be short.
const maxWord = 24

// refused says how many deviations fail.
func refused(cells []results.Cell) string {
	deviate, fail := 0, 0
	for i := range cells {
		if cells[i].Class() == outcome.Deviates {
			deviate++
			if cells[i].Verdict == outcome.Fail {
				fail++
			}
		}
	}
	switch fail {
	case 0:
		return ""
	case deviate:
		return " (all fail)"
	}
	return fmt.Sprintf(" (%d fail)", fail)
}

// deaths says how many violations are none of an outcome.
func deaths(t results.Tally) string {
	var parts []string
	for _, v := range []outcome.Verdict{outcome.Crash, outcome.Hang, outcome.BootFail} {
		if n := t.Verdicts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// observed counts the outcomes, but for those of control cells: these are known by
// construction, and a number of illegal ones would alarm a reader for nothing.
func observed(cells []results.Cell) map[outcome.Outcome]int {
	seen := map[outcome.Outcome]int{}
	for i := range cells {
		c := &cells[i]
		control := results.IsControl(c.Test) && c.Class() == outcome.Passes
		if c.Outcome != outcome.None && !control {
			seen[c.Outcome]++
		}
	}
	return seen
}
