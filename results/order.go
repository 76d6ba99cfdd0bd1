package results

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
)

// Sort sorts cells into the order of reports: kernel version, filesystem,
// test.
func Sort(cells []Cell) {
	kernels := rank(ReleaseNames(Releases(cells)))
	filesystems := rank(distinct(cells, func(c *Cell) string { return c.FS }))
	tests := rank(distinct(cells, func(c *Cell) string { return c.Test }))
	// A cell is large: sort small keys, then place each cell once.
	type place struct{ kernel, fs, test, from int }
	places := make([]place, len(cells))
	for i := range cells {
		places[i] = place{kernels[cells[i].Kernel], filesystems[cells[i].FS], tests[cells[i].Test], i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(a.kernel-b.kernel, a.fs-b.fs, a.test-b.test, a.from-b.from)
	})
	sorted := make([]Cell, len(cells))
	for i, p := range places {
		sorted[i] = cells[p.from]
	}
	copy(cells, sorted)
}

// rank numbers names.
func rank(names []string) map[string]int {
	ranks := make(map[string]int, len(names))
	for i, n := range names {
		ranks[n] = i
	}
	return ranks
}

// distinct lists the distinct names of cells in natural order.
func distinct(cells []Cell, name func(*Cell) string) []string {
	seen := make(map[string]bool)
	var names []string
	for i := range cells {
		if n := name(&cells[i]); !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	slices.SortFunc(names, CompareNatural)
	return names
}

// CompareCells orders cells as reports do.
func CompareCells(a, b *Cell) int {
	return cmp.Or(a.Release().Compare(b.Release()), CompareNatural(a.FS, b.FS), CompareNatural(a.Test, b.Test))
}

// CompareKeys orders cells as reports do, by key.
func CompareKeys(a, b CellKey) int {
	return CompareCells(&Cell{Attempt: Attempt{CellKey: a}}, &Cell{Attempt: Attempt{CellKey: b}})
}

// CompareNatural orders text with its runs of digits as numbers, so that
// "page/4k" comes before "page/16k".
func CompareNatural(a, b string) int { return kernelversion.CompareNatural(a, b) }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Axes returns the distinct kernels, filesystems and tests of cells, in the order
// of reports.
func Axes(cells []Cell) (kernels, filesystems, tests []string) {
	return ReleaseNames(Releases(cells)),
		distinct(cells, func(c *Cell) string { return c.FS }),
		distinct(cells, func(c *Cell) string { return c.Test })
}

// SortedOutcomes returns the keys of m from best to worst.
func SortedOutcomes[V any](m map[outcome.Outcome]V) []outcome.Outcome {
	return slices.SortedFunc(maps.Keys(m), func(a, b outcome.Outcome) int {
		if d := a.Rank() - b.Rank(); d != 0 {
			return d
		}
		return strings.Compare(string(a), string(b))
	})
}
