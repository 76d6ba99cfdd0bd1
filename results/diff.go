package results

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	"splicelab/outcome"
)

// Change is a cell that two runs disagree on. Before or After is nil when the
// run has no such cell.
type Change struct {
	CellKey
	Before, After *Cell
}

// Difference is what changed from one run to another. Each list is in the
// order of reports, and a cell is in at most one.
type Difference struct {
	NewFailures []Change // fails now and did not
	Fixes       []Change // failed and passes now
	Changed     []Change // another outcome, or another way to fail
	Skips       []Change // skipped in one run, or for another reason now
	New, Gone   []Change // only in the later, only in the earlier run
	Unknown     []Change // infra in one of the runs: nothing can be said
	Same        int      // cells that came to the same in both
}

// Empty reports whether the runs came to the same in every cell.
func (d Difference) Empty() bool {
	return len(d.NewFailures)+len(d.Fixes)+len(d.Changed)+len(d.Skips)+len(d.New)+len(d.Gone)+len(d.Unknown) == 0
}

// Diff compares the cells of an earlier run a with those of a later run b.
// Show them under one policy first if theirs differ.
func Diff(a, b []Cell) Difference {
	before := make(map[CellKey]*Cell, len(a))
	for i := range a {
		before[a[i].CellKey] = &a[i]
	}
	a, b = slices.Clone(a), slices.Clone(b)
	sortCells(a)
	sortCells(b)
	var d Difference
	after := make(map[CellKey]bool, len(b))
	for i := range b {
		c := Change{CellKey: b[i].CellKey, Before: before[b[i].CellKey], After: &b[i]}
		after[c.CellKey] = true
		if list := d.list(c); list != nil {
			*list = append(*list, c)
		} else {
			d.Same++
		}
	}
	for i := range a {
		if !after[a[i].CellKey] {
			d.Gone = append(d.Gone, Change{CellKey: a[i].CellKey, Before: &a[i]})
		}
	}
	return d
}

// list is where c belongs, nil when nothing changed.
func (d *Difference) list(c Change) *[]Change {
	if c.Before == nil {
		return &d.New
	}
	was, is := c.Before.Verdict, c.After.Verdict
	switch {
	case was == outcome.Infra && is == outcome.Infra:
		return nil
	case was == outcome.Infra || is == outcome.Infra:
		return &d.Unknown
	case is.Bad() && !was.Bad():
		return &d.NewFailures
	case is == outcome.Skip && was == outcome.Skip:
		if c.Before.Detail == c.After.Detail {
			return nil
		}
		return &d.Skips
	case is == outcome.Skip || was == outcome.Skip:
		return &d.Skips
	case was.Bad() && !is.Bad():
		return &d.Fixes
	case was != is || c.Before.Outcome != c.After.Outcome:
		return &d.Changed
	}
	return nil
}

// Condition is something that could explain a difference between two runs.
// An empty value means that the run did not have it.
type Condition struct {
	Name, Before, After string
}

// DiffConditions lists the conditions in which two runs differ, by name.
func DiffConditions(a, b Run) []Condition {
	conditions := func(r Run) map[string]string {
		m := maps.Clone(r.Conditions)
		if m == nil {
			m = make(map[string]string)
		}
		m["accel"], m["policy"], m["seed"] = r.Accel, string(r.Policy), fmt.Sprint(r.Seed)
		return m
	}
	ca, cb := conditions(a), conditions(b)
	names := maps.Clone(ca)
	maps.Copy(names, cb)
	var diff []Condition
	for _, n := range slices.SortedFunc(maps.Keys(names), compareNatural) {
		if ca[n] != cb[n] {
			diff = append(diff, Condition{n, ca[n], cb[n]})
		}
	}
	return diff
}

// WriteDiff tells people what changed from run a to run b.
func WriteDiff(w io.Writer, a, b Run, d Difference, o MatrixOptions) error {
	o, _ = o.settle(b, nil)
	out := new(bytes.Buffer)
	fmt.Fprintf(out, "%s -> %s\n", CleanLine(a.ID), CleanLine(b.ID))
	for _, r := range []Run{a, b} {
		switch {
		case r.Problem != "":
			out.WriteString(paint(o.Color, sgrCrash, cut("PROBLEM in "+CleanLine(r.ID)+": "+CleanLine(r.Problem), o.Width)) + "\n")
		case r.Finished.IsZero():
			fmt.Fprintf(out, "%s is not finished\n", CleanLine(r.ID))
		}
	}
	if conditions := DiffConditions(a, b); len(conditions) > 0 {
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
	for _, s := range []struct {
		title, color string
		changes      []Change
	}{
		{"new failures", sgrFail, d.NewFailures},
		{"fixed", sgrPass, d.Fixes},
		{"changed", sgrHang, d.Changed},
		{"skips changed", sgrSkip, d.Skips},
		{"new cells", "", d.New},
		{"vanished cells", "", d.Gone},
		{"nothing can be said: infra", sgrInfra, d.Unknown},
	} {
		if len(s.changes) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", paint(o.Color && s.color != "", s.color, fmt.Sprintf("%s: %d", s.title, len(s.changes))))
		for _, c := range s.changes {
			c.write(out, o.Width)
		}
	}
	fmt.Fprintf(out, "\n%s unchanged\n", plural(d.Same, "cell"))
}

func (c Change) write(b *bytes.Buffer, width int) {
	fmt.Fprintf(b, "  %s\n", CleanLine(c.CellKey.String()))
	text := ""
	switch {
	case c.Before == nil:
		text = c.After.what()
	case c.After == nil:
		text = "was " + c.Before.what()
	default:
		text = c.Before.what() + " -> " + c.After.what()
	}
	if c.After != nil && c.After.Detail != "" {
		text += ": " + c.After.Detail
	}
	fmt.Fprintf(b, "      %s\n", cut(CleanLine(text), width-6))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
