// Package compare compares two runs, or two kernels: diff.go classifies each
// cell, assess.go separates regressions from flakes by history, predecessor.go
// finds the kernel to compare with. It operates on cells and needs no store.
package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Change is a cell that differs. Before or After is nil if the cell is not
// there.
type Change struct {
	results.CellKey // of the later cell, if there is one
	Before, After   *results.Cell
	// Past is the failure rate up to the earlier run, Now that of the later cell;
	// set by Difference.Assess.
	Past, Now history.Rate
}

// Difference is what changed between two runs or two kernels. Lists are in the
// order of reports; a cell is in at most one.
type Difference struct {
	NewFailures []Change // fails now, did not before
	Unexpected  []Change // passes now, was expected to fail
	Flaky       []Change // failed in some attempts, which does not prove a change
	Fixes       []Change // failed before, passes now
	Changed     []Change // another outcome, or another way to fail
	Skips       []Change // skipped in one, or for another reason now
	New, Gone   []Change // only in the later, only in the earlier
	Unknown     []Change // infra in one of them
	Same        int      // cells with the same result in both

	// Kernels are the earlier and the later kernel if kernels are compared, not
	// runs.
	Kernels [2]string
	// Runs are the ids of the runs that have the newest results of each of the
	// Kernels, newest first; empty if these are of the compared run.
	Runs [2][]string
	// Pending is how many cells the earlier and the later run have not run yet:
	// see Unfinished.
	Pending [2]int
	// Predecessors maps kernels of the later run to those of the earlier that they
	// replace: see Diff.
	Predecessors map[string]string

	shared map[results.Column]bool // kernels and filesystems in both
	shaky  []Change                // counted in Same: flaky before and now
}

// ChangeList are the changes of one kind.
type ChangeList struct {
	Name    string // for programs: new-failures
	Title   string // for people: new failures
	Changes []Change
}

// Lists returns the lists that are not empty, the most important first.
func (d Difference) Lists() []ChangeList {
	all := []ChangeList{
		{"new-failures", "new failures", d.NewFailures},
		{"unexpected-passes", "unexpected passes: was expected to fail", d.Unexpected},
		{"flaky", "flaky: failed now or before, and not in all attempts", d.Flaky},
		{"fixes", "fixed", d.Fixes},
		{"changed", "changed", d.Changed},
		{"skips", "skips changed", d.Skips},
		{"new", "new cells", d.New},
		{"gone", "vanished cells", d.Gone},
		{"infra", "nothing can be said: infra", d.Unknown},
	}
	return slices.DeleteFunc(all, func(l ChangeList) bool { return len(l.Changes) == 0 })
}

// Empty reports whether no cell differs.
func (d Difference) Empty() bool { return len(d.Lists()) == 0 }

// Diff compares the cells of an earlier run a with those of a later run b. If
// their policies differ, show both under one policy first, and apply the user's
// expectations. If each run has one kernel of a series and flavour that the other
// lacks, the two are compared: a point release replaces its predecessor, and the
// comparison is meant to show what it breaks.
func Diff(a, b []results.Cell) Difference { return DiffAs(a, b, predecessors(a, b)) }

// DiffAs is Diff with given predecessors: a kernel of the later run that is a
// key is compared with its value, any other with itself.
func DiffAs(a, b []results.Cell, predecessors map[string]string) Difference {
	others := otherFlavours(results.Releases(a), results.Releases(b))
	d := diff(a, b, func(c *results.Cell) results.CellKey { return c.CellKey }, func(c *results.Cell) results.CellKey {
		k := c.CellKey
		if old, ok := predecessors[k.Kernel]; ok {
			k.Kernel = old
		} else if others[k.Kernel] {
			k.Kernel += "\x00" // no cell of the earlier run
		}
		return k
	})
	d.Predecessors = predecessors
	return d
}

// otherFlavours are the releases that kernels of two flavours have in common, one
// in each run: builds of the same source for two architectures.
func otherFlavours(before, after []results.Kernel) map[string]bool {
	others := make(map[string]bool)
	for _, k := range after {
		others[k.Name] = slices.ContainsFunc(before, func(o results.Kernel) bool { return o.Name == k.Name && !o.SameFlavour(k) })
	}
	return others
}

// predecessors pairs the only kernel of a series and flavour that b lacks with the
// only one that a lacks.
func predecessors(a, b []results.Cell) map[string]string {
	before, after := results.Releases(a), results.Releases(b)
	only := func(kernels, others []results.Kernel) []results.Kernel {
		return slices.DeleteFunc(slices.Clone(kernels), func(k results.Kernel) bool {
			return slices.ContainsFunc(others, func(o results.Kernel) bool { return o.Name == k.Name && o.SameFlavour(k) })
		})
	}
	gone, come := only(before, after), only(after, before)
	pairs := make(map[string]string)
	for _, k := range come {
		like := func(o results.Kernel) bool { return o.Series() == k.Series() && o.SameFlavour(k) }
		old := slices.IndexFunc(gone, like)
		if old >= 0 && count(gone, like) == 1 && count(come, like) == 1 {
			pairs[k.Name] = gone[old].Name
		}
	}
	return pairs
}

func count(kernels []results.Kernel, like func(results.Kernel) bool) (n int) {
	for _, k := range kernels {
		if like(k) {
			n++
		}
	}
	return n
}

// DiffKernels compares the cells of two kernels by filesystem and test.
func DiffKernels(a, b []results.Cell) Difference {
	key := func(c *results.Cell) results.CellKey { return results.CellKey{FS: c.FS, Test: c.Test} }
	d := diff(a, b, key, key)
	for i, cells := range [][]results.Cell{a, b} {
		if len(cells) > 0 {
			d.Kernels[i] = cells[0].Kernel
		}
	}
	return d
}

// diff compares the cells for which earlier and later return the same key.
func diff(a, b []results.Cell, earlier, later func(*results.Cell) results.CellKey) Difference {
	a, b = slices.Clone(a), slices.Clone(b)
	results.Sort(a)
	results.Sort(b)
	before := make(map[results.CellKey]*results.Cell, len(a))
	had := make(map[results.Column]bool)
	for i := range a {
		k := earlier(&a[i])
		before[k] = &a[i]
		had[results.Column{Kernel: k.Kernel, FS: k.FS}] = true
	}
	d := Difference{shared: make(map[results.Column]bool)}
	after := make(map[results.CellKey]bool, len(b))
	for i := range b {
		k := later(&b[i])
		c := Change{CellKey: b[i].CellKey, Before: before[k], After: &b[i]}
		after[k] = true
		if of := (results.Column{Kernel: k.Kernel, FS: k.FS}); had[of] { // under both names
			d.shared[of], d.shared[results.Column{Kernel: c.Kernel, FS: c.FS}] = true, true
			if c.Before != nil {
				d.shared[results.Column{Kernel: c.Before.Kernel, FS: c.FS}] = true
			}
		}
		if list := d.list(c); list != nil {
			*list = append(*list, c)
		} else {
			d.Same++
			if c.Before.Flaky != "" && c.After.Flaky != "" && c.After.Bad() {
				d.shaky = append(d.shaky, c)
			}
		}
	}
	for i := range a {
		if !after[earlier(&a[i])] {
			d.Gone = append(d.Gone, Change{CellKey: a[i].CellKey, Before: &a[i]})
		}
	}
	return d
}

// list is the list that c belongs to, nil if nothing changed.
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
	case c.After.Expected == results.XPass && c.Before.Expected != results.XPass:
		return &d.Unexpected
	case c.After.Bad() && (!c.Before.Bad() || c.Before.Flaky != "" && c.After.Flaky == ""):
		return &d.NewFailures
	case is == outcome.Skip && was == outcome.Skip:
		if c.Before.Detail == c.After.Detail {
			return nil
		}
		return &d.Skips
	case is == outcome.Skip || was == outcome.Skip:
		return &d.Skips
	case was.Bad() && !is.Bad() && c.Before.Flaky != "":
		return &d.Flaky // it passed sometimes before, too
	case was.Bad() && !is.Bad():
		return &d.Fixes
	case was != is || c.Before.Outcome != c.After.Outcome:
		return &d.Changed
	}
	return nil
}

// Condition is something that could explain a difference between two runs. A
// value is empty if the run did not have it.
type Condition struct {
	Name, Before, After string
}

// Conditions returns the conditions in which the compared runs a and b differ.
func (d Difference) Conditions(a, b results.Run) []Condition {
	kernel := func(r results.Run, release string) string {
		if digest := r.Conditions[kernelCondition+release]; digest != "" {
			return release + " (" + digest + ")"
		}
		return release
	}
	var all []Condition
	listed := func(string) bool { return true } // whether to include the kernel's condition
	if d.Kernels != [2]string{} {
		all = append(all, Condition{"kernel", kernel(a, d.Kernels[0]), kernel(b, d.Kernels[1])})
	} else {
		done := make(map[string]bool)
		series := make(map[string]int)
		for next := range d.Predecessors {
			series[results.Series(next)]++
		}
		for _, next := range slices.SortedFunc(maps.Keys(d.Predecessors), func(a, b string) int {
			return results.KernelOf(a).Compare(results.KernelOf(b))
		}) {
			old := d.Predecessors[next]
			done[old], done[next] = true, true
			name := kernelCondition + results.Series(next)
			if series[results.Series(next)] > 1 {
				name += " " + results.KernelOf(next).Tag()
			}
			all = append(all, Condition{name, kernel(a, old), kernel(b, next)})
		}
		listed = func(release string) bool { return done[release] }
	}
	for _, c := range DiffConditions(a, b) {
		if release, ok := strings.CutPrefix(c.Name, kernelCondition); !ok || !listed(release) {
			all = append(all, c)
		}
	}
	return all
}

// kernelCondition prefixes the name of a condition that is a kernel's digest.
const kernelCondition = "kernel "

// DiffConditions returns the conditions in which two runs differ, by name.
func DiffConditions(a, b results.Run) []Condition {
	conditions := func(r results.Run) map[string]string {
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
	for _, n := range slices.SortedFunc(maps.Keys(names), results.CompareNatural) {
		if ca[n] != cb[n] {
			diff = append(diff, Condition{n, ca[n], cb[n]})
		}
	}
	return diff
}
