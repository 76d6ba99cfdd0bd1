package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Unfinished is called if runs may have pending cells. What only the other run
// has is then no change, so it is only counted, in Pending.
func (d *Difference) Unfinished(a, b results.Run, cellsOfA, cellsOfB int) {
	if a.Pending {
		d.Pending[0], d.New = max(0, a.Planned-cellsOfA), nil
	}
	if b.Pending {
		d.Pending[1], d.Gone = max(0, b.Planned-cellsOfB), nil
	}
}

// Disjoint reports whether the two sides have no cell in common.
func (d Difference) Disjoint() bool {
	for _, l := range d.Lists() {
		if l.Name != "new" && l.Name != "gone" {
			return false
		}
	}
	return d.Same == 0
}

// NewFailing are the failing cells that only the later side has, of kernels and
// filesystems that both have. Nothing says that they are regressions, but a reader
// has to see them.
func (d Difference) NewFailing() []Change {
	return slices.DeleteFunc(slices.Clone(d.New), func(c Change) bool {
		return !c.After.Bad() || !d.shared[results.Column{Kernel: c.Kernel, FS: c.FS}]
	})
}

// Summary describes cells that only one side has, in a line: the kernels and
// filesystems that the other side lacks entirely, the tests that it lacks on
// others, and the verdicts.
func (d Difference) Summary(changes []Change) string {
	verdicts := map[outcome.Verdict]int{}
	kernels, filesystems, tests := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range changes {
		cell := c.After
		if cell == nil {
			cell = c.Before
		}
		verdicts[cell.Verdict]++
		if d.shared[results.Column{Kernel: c.Kernel, FS: c.FS}] {
			tests[c.Test] = true
		} else {
			kernels[c.Kernel], filesystems[c.FS] = true, true
		}
	}
	var counts []string
	for _, v := range outcome.Verdicts {
		if verdicts[v] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", verdicts[v], v))
		}
	}
	var where []string
	if len(kernels) > 0 {
		where = append(where, few("kernel", kernels)+" on "+few("", filesystems))
	}
	if len(tests) > 0 {
		where = append(where, few("test", tests))
	}
	return strings.Join(where, "; ") + " (" + strings.Join(counts, ", ") + ")"
}

// few names some of a set.
func few(noun string, set map[string]bool) string {
	const most = 3
	names := slices.SortedFunc(maps.Keys(set), results.CompareNatural)
	if noun != "" && len(names) > 1 {
		noun += "s"
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return strings.TrimSpace(noun + " " + strings.Join(names, ", "))
}
