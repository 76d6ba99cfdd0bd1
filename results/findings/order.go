package findings

import (
	"cmp"

	"github.com/splicelab/splicelab/results"
)

// order is the order of a run's kernels. It spares comparing them for each of
// 100,000 cells.
type order struct {
	kernels []results.Kernel
	rank    map[string]int // by release
	flavour map[string]int // equal for kernels of the same flavour
}

func orderOf(cells []results.Cell) order {
	o := order{kernels: results.Releases(cells), rank: map[string]int{}, flavour: map[string]int{}}
	for i, k := range o.kernels {
		o.rank[k.Name], o.flavour[k.Name] = i, i
		for j, other := range o.kernels[:i] {
			if other.SameFlavour(k) {
				o.flavour[k.Name] = j
				break
			}
		}
	}
	return o
}

// compare orders cells as reports do.
func (o order) compare(a, b *results.Cell) int {
	return cmp.Or(o.rank[a.Kernel]-o.rank[b.Kernel], results.CompareNatural(a.FS, b.FS), results.CompareNatural(a.Test, b.Test))
}

// begins is where a violation begins: cells are those that have it on the kernels
// of one flavour, oldest first.
func (o order) begins(cells []*results.Cell, held map[column][]*results.Cell) Beginning {
	first := cells[0].Kernel
	before := -1
	for _, c := range cells {
		for _, h := range held[column{c.FS, c.Test}] {
			if at := o.rank[h.Kernel]; at > before && at < o.rank[first] && o.flavour[h.Kernel] == o.flavour[first] {
				before = at
			}
		}
	}
	b := Beginning{Flavour: o.kernels[o.rank[first]].Tag(), Since: first}
	if before >= 0 {
		b.Before = o.kernels[before].Name
	}
	return b
}
