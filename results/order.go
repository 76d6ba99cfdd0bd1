package results

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/outcome"
)

// Sort sorts cells into the order of reports: kernel version, filesystem,
// test.
func Sort(cells []Cell) {
	kernels := ranks(cells, func(c *Cell) string { return c.Kernel }, CompareReleases)
	filesystems := ranks(cells, func(c *Cell) string { return c.FS }, CompareNatural)
	tests := ranks(cells, func(c *Cell) string { return c.Test }, CompareNatural)
	// Cells are large: sort small keys, then move each cell once.
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

// ranks numbers the distinct names of cells in order.
func ranks(cells []Cell, name func(*Cell) string, compare func(a, b string) int) map[string]int {
	rank := make(map[string]int)
	for i, n := range distinct(cells, name, compare) {
		rank[n] = i
	}
	return rank
}

// distinct lists the distinct names of cells in order.
func distinct(cells []Cell, name func(*Cell) string, compare func(a, b string) int) []string {
	seen := make(map[string]bool)
	var names []string
	for i := range cells {
		if n := name(&cells[i]); !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	slices.SortFunc(names, compare)
	return names
}

// CompareKeys is the order of reports.
func CompareKeys(a, b CellKey) int {
	return cmp.Or(CompareReleases(a.Kernel, b.Kernel), CompareNatural(a.FS, b.FS), CompareNatural(a.Test, b.Test))
}

// CompareNatural orders text with its runs of digits as numbers, so that
// "page/4k" comes before "page/16k".
func CompareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if isDigit(x[0]) && isDigit(y[0]) {
			nx, ny := digits(x), digits(y)
			x, y = x[len(nx):], y[len(ny):]
			nx, ny = strings.TrimLeft(nx, "0"), strings.TrimLeft(ny, "0")
			if c := cmp.Or(len(nx)-len(ny), strings.Compare(nx, ny)); c != 0 {
				return c
			}
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(len(x)-len(y), strings.Compare(a, b))
}

func digits(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Axes returns the distinct kernels, filesystems and tests of cells, in the order
// of reports.
func Axes(cells []Cell) (kernels, filesystems, tests []string) {
	return distinct(cells, func(c *Cell) string { return c.Kernel }, CompareReleases),
		distinct(cells, func(c *Cell) string { return c.FS }, CompareNatural),
		distinct(cells, func(c *Cell) string { return c.Test }, CompareNatural)
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

// Releases returns the distinct kernels of cells, oldest first.
func Releases(cells []Cell) []string {
	return distinct(cells, func(c *Cell) string { return c.Kernel }, CompareReleases)
}
