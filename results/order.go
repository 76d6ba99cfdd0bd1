package results

import (
	"cmp"
	"slices"
	"strings"
)

// sortCells puts cells into the order of reports: kernel version, filesystem,
// test.
func sortCells(cells []Cell) {
	kernels := ranks(cells, func(c *Cell) string { return c.Kernel }, compareReleases)
	filesystems := ranks(cells, func(c *Cell) string { return c.FS }, compareNatural)
	tests := ranks(cells, func(c *Cell) string { return c.Test }, compareNatural)
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

// compareKeys orders cells as reports do.
func compareKeys(a, b CellKey) int {
	return cmp.Or(compareReleases(a.Kernel, b.Kernel), compareNatural(a.FS, b.FS), compareNatural(a.Test, b.Test))
}

// compareReleases orders kernel releases: by upstream version, a release
// candidate before its release, then what the distribution added.
func compareReleases(a, b string) int {
	ra, rb := upstream(a), upstream(b)
	if c := compareNatural(ra, rb); c != 0 {
		return c
	}
	na, ca := candidate(a[len(ra):])
	nb, cb := candidate(b[len(rb):])
	switch {
	case ca && !cb:
		return -1
	case cb && !ca:
		return 1
	}
	return cmp.Or(compareNatural(na, nb), compareNatural(a, b))
}

// upstream is the leading dotted number of a release.
func upstream(release string) string {
	n := 0
	for n < len(release) && (isDigit(release[n]) || release[n] == '.' && n+1 < len(release) && isDigit(release[n+1])) {
		n++
	}
	return release[:n]
}

// candidate cuts the "-rc3" or "~rc3" that rest begins with.
func candidate(rest string) (name string, ok bool) {
	if len(rest) > 1 && (rest[0] == '-' || rest[0] == '~') && strings.HasPrefix(rest[1:], "rc") {
		return rest[1:], true
	}
	return rest, false
}

// compareNatural orders text with its runs of digits as numbers, so that
// "page/4k" comes before "page/16k".
func compareNatural(a, b string) int {
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

// Axes are the kernels, filesystems and tests of cells, each once, in the order
// of reports.
func Axes(cells []Cell) (kernels, filesystems, tests []string) {
	return distinct(cells, func(c *Cell) string { return c.Kernel }, compareReleases),
		distinct(cells, func(c *Cell) string { return c.FS }, compareNatural),
		distinct(cells, func(c *Cell) string { return c.Test }, compareNatural)
}

// Releases are the kernels of cells, each once, oldest first.
func Releases(cells []Cell) []string {
	return distinct(cells, func(c *Cell) string { return c.Kernel }, compareReleases)
}
