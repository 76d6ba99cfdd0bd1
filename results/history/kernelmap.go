package history

import (
	"cmp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// KernelMap is the history of outcomes: a row for each test on each
// filesystem, a column for each kernel, those of a flavour together and oldest
// first.
type KernelMap struct {
	Kernels []MapKernel
	Rows    []MapRow

	Labels results.Labels // of the kernels

	flavours bool // there are several
	named    bool // labels name them
}

// MapKernel is a column.
type MapKernel struct {
	Release, Series string
	// Flavour is that of the kernel, see results.Kernel.Tag. NewKernelMap sets it if
	// it is empty.
	Flavour string
}

// Heading is the series of a column, and its flavour if there are several.
func (m KernelMap) Heading(column int) string {
	k := m.Kernels[column]
	if !m.flavours {
		return k.Series
	}
	return strings.TrimSpace(k.Series + " " + k.Flavour)
}

// Flavours reports whether kernels of several flavours have columns.
func (m KernelMap) Flavours() bool { return m.flavours }

// Named reports whether the labels of the kernels name their flavours.
func (m KernelMap) Named() bool { return m.named }

// Flavour is the only flavour of the columns, unless labels leave it out.
func (m KernelMap) Flavour() string {
	if m.flavours || !m.named {
		return ""
	}
	return m.Kernels[0].Flavour
}

// MapRow is one test on one filesystem.
type MapRow struct {
	Test, FS string
	Cells    []*results.Cell // by kernel; nil where there is no verdict
	// Changes are where the result changes.
	Changes []MapChange
}

// MapChange is where the result of a row changes, from a kernel with a verdict to
// the next such kernel of its flavour. Skips do not count.
type MapChange struct {
	From, To int // columns
	Old, New string
}

// NewKernelMap arranges cells by kernels, which are in order. Control cells, the
// same everywhere by construction, are omitted.
func NewKernelMap(kernels []MapKernel, cells []results.Cell) KernelMap {
	kernels = slices.Clone(kernels)
	m := KernelMap{Kernels: kernels}
	place := map[string]int{}
	releases := make([]results.Kernel, len(kernels))
	for i, k := range kernels {
		place[k.Release], releases[i] = i, results.KernelOf(k.Release)
	}
	for i := range cells {
		if at, known := place[cells[i].Kernel]; known {
			releases[at] = cells[i].Release()
		}
	}
	for i := range kernels {
		kernels[i].Flavour = cmp.Or(kernels[i].Flavour, releases[i].Tag())
		m.flavours = m.flavours || kernels[i].Flavour != kernels[0].Flavour
	}
	m.Labels, m.named = results.NewLabels(releases), results.NameFlavours(releases)
	rows := map[[2]string]*MapRow{}
	for i := range cells {
		c := &cells[i]
		at, known := place[c.Kernel]
		if !known || c.Verdict == outcome.Infra || results.IsControl(c.Test) {
			continue
		}
		key := [2]string{c.Test, c.FS}
		if rows[key] == nil {
			rows[key] = &MapRow{Test: c.Test, FS: c.FS, Cells: make([]*results.Cell, len(kernels))}
		}
		rows[key].Cells[at] = c
	}
	for _, r := range rows {
		before := map[string]int{} // by flavour
		for i, c := range r.Cells {
			if c == nil || c.Verdict == outcome.Skip {
				continue
			}
			flavour := kernels[i].Flavour
			if last, ok := before[flavour]; ok && Shown(r.Cells[last]) != Shown(c) {
				r.Changes = append(r.Changes, MapChange{From: last, To: i, Old: Shown(r.Cells[last]), New: Shown(c)})
			}
			before[flavour] = i
		}
		m.Rows = append(m.Rows, *r)
	}
	slices.SortFunc(m.Rows, func(a, b MapRow) int {
		if c := results.CompareNatural(a.Test, b.Test); c != 0 {
			return c
		}
		return strings.Compare(a.FS, b.FS)
	})
	return m
}

// MapGroup is rows that are the same on every kernel: one test or several subtests
// of it, on one filesystem or several.
type MapGroup struct {
	Tests       []string // in order; if several, subtests of the same test
	Filesystems []string // in order
	MapRow               // the first of them
}

// Groups folds the rows that are alike. Those that change come first, and among
// them those with a violation: they are what a map is looked at for.
func (m KernelMap) Groups() []MapGroup {
	type key struct{ top, fs, cells string }
	subtests, order := map[key]*MapGroup{}, []key{}
	for _, r := range m.Rows {
		top, _, _ := strings.Cut(r.Test, "/")
		k := key{top, r.FS, r.signature()}
		if subtests[k] == nil {
			subtests[k] = &MapGroup{MapRow: r}
			order = append(order, k)
		}
		subtests[k].Tests = append(subtests[k].Tests, r.Test)
	}
	var groups []MapGroup
	place := map[[2]string]int{}
	for _, k := range order {
		g := subtests[k]
		id := [2]string{strings.Join(g.Tests, "\x00"), k.cells}
		at, known := place[id]
		if !known {
			at = len(groups)
			place[id], groups = at, append(groups, *g)
		}
		groups[at].Filesystems = append(groups[at].Filesystems, k.fs)
	}
	slices.SortStableFunc(groups, func(a, b MapGroup) int { return cmp.Compare(a.rank(), b.rank()) })
	return groups
}

// signature is equal for rows that look alike.
func (r *MapRow) signature() string {
	var b strings.Builder
	for _, c := range r.Cells {
		if c != nil {
			b.WriteString(Shown(c))
		}
		b.WriteByte(0)
	}
	return b.String()
}

// rank orders rows by how much they have to say.
func (r *MapRow) rank() int {
	if !slices.ContainsFunc(r.Cells, func(c *results.Cell) bool { return c != nil && c.Verdict != outcome.Skip }) {
		return 4
	}
	violates := slices.ContainsFunc(r.Cells, func(c *results.Cell) bool { return c != nil && c.Class() == outcome.Violates })
	switch changes := len(r.Changes) > 0; {
	case changes && violates:
		return 0
	case changes:
		return 1
	case violates:
		return 2
	}
	return 3
}

// Shown is the outcome of a cell, or its verdict if it has no outcome.
func Shown(c *results.Cell) string {
	if (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) && c.Outcome != outcome.None {
		return string(c.Outcome)
	}
	return string(c.Verdict)
}

// Letter is Shown as one character.
func Letter(c *results.Cell) string {
	if c == nil {
		return " "
	}
	if (c.Verdict == outcome.Pass || c.Verdict == outcome.Fail) && c.Outcome != outcome.None {
		return c.Outcome.Letter()
	}
	return results.VerdictMark(c.Verdict)[:1]
}
