package terminal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// maxSpans is how often a row may change from kernel to kernel and still be told
// in one line.
const maxSpans = 3

// span is the kernels [from, to], by index, on which a row has the same mark on
// every filesystem.
type span struct {
	mark     string
	cell     *results.Cell // one of them
	from, to int
}

// fold is tests that are the same on every filesystem, and the same on each kernel.
type fold struct {
	spans []span
	names []string
}

// spans returns what a row is on every filesystem, kernel by kernel. ok is false
// for a row that has to be seen cell by cell: one that differs between
// filesystems, or that has a violation, a flaky cell, an XPASS or a hole.
func (m *matrix) spans(cells []*results.Cell, control bool) (all []span, ok bool) {
	kernel := -1
	for i, c := range cells {
		if c == nil || c.Flaky != "" || c.Expected == results.XPass {
			return nil, false
		}
		if class := c.Class(); class != outcome.Passes && class != outcome.Deviates && class != outcome.Skips {
			return nil, false
		}
		text := mark(c)
		if control && c.Verdict == outcome.Pass {
			text = text[:1] // its outcome is known by construction
		}
		switch last := len(all) - 1; {
		case i > 0 && m.columns[i-1].Kernel == c.Kernel:
			if all[last].mark != text {
				return nil, false
			}
			continue
		case last >= 0 && all[last].mark == text:
			kernel++
			all[last].to = kernel
		default:
			kernel++
			all = append(all, span{text, c, kernel, kernel})
		}
	}
	return all, len(all) > 0 && len(all) <= maxSpans
}

// foldGroup moves those of a test and its subtests that can be folded to folds,
// and returns the others. Names lose their first skip bytes.
func (m *matrix) foldGroup(tests []string, skip int, folds *[]fold) (rest []string) {
	control := results.IsControl(tests[0])
	var own []fold
	for _, t := range tests {
		spans, ok := m.spans(m.grid[t], control)
		if !ok {
			rest = append(rest, t)
			continue
		}
		own = addFold(own, spans, t)
	}
	for _, f := range own {
		*folds = addFold(*folds, f.spans, foldName(f.names, len(tests), skip))
	}
	return rest
}

func addFold(folds []fold, spans []span, name string) []fold {
	i := slices.IndexFunc(folds, func(f fold) bool {
		return slices.EqualFunc(f.spans, spans, func(a, b span) bool { return a.mark == b.mark && a.from == b.from && a.to == b.to })
	})
	if i < 0 {
		i, folds = len(folds), append(folds, fold{spans: spans})
	}
	folds[i].names = append(folds[i].names, name)
	return folds
}

// foldName names tests, some or all of the of subtests of one test.
func foldName(tests []string, of, skip int) string {
	name := parent(tests[0])
	switch {
	case len(tests) == 1:
		return sanitize.Line(tests[0][skip:])
	case len(tests) == of:
		return fmt.Sprintf("%s (%d alike)", sanitize.Line(name[skip:]), of)
	case len(tests) <= maxSpans && !slices.Contains(tests, name):
		subs := make([]string, len(tests))
		for i, t := range tests {
			subs[i] = sanitize.Line(t[len(name)+1:])
		}
		return sanitize.Line(name[skip:]) + "/{" + strings.Join(subs, ",") + "}"
	}
	return fmt.Sprintf("%s (%d of %d subtests)", sanitize.Line(name[skip:]), len(tests), of)
}

// writeFolds lists the rows that are the same on every filesystem: those that are
// the same on every kernel by their mark, the others with their marks.
func (m *matrix) writeFolds(b *bytes.Buffer) {
	if len(m.folds) == 0 {
		return
	}
	b.WriteByte('\n')
	writeWrapped(b, "", []string{strings.TrimSpace(m.corner + " the same on every filesystem"), "(in rows: results matrix --full)"}, " ", m.o.Width)
	slices.SortStableFunc(m.folds, func(x, y fold) int { return min(len(x.spans), 2) - min(len(y.spans), 2) })
	for _, f := range m.folds {
		if len(f.spans) == 1 {
			s := f.spans[0]
			mark := painted(s.cell, m.o.Color)
			if len(s.mark) == 1 {
				mark = paint(m.o.Color, stateColour(s.cell), s.mark)
			}
			writeWrapped(b, "  "+pad(mark, 4), f.names, ", ", m.o.Width)
			continue
		}
		var parts []string
		for _, s := range f.spans {
			text := painted(s.cell, m.o.Color) + " " + m.labels.Of(m.kernels[s.from])
			if s.to > s.from {
				text += " to " + m.labels.Of(m.kernels[s.to])
			}
			parts = append(parts, text)
		}
		for _, name := range f.names {
			writeWrapped(b, "  "+shorten(name, m.o.Width-4)+": ", parts, ", ", m.o.Width)
		}
	}
}
