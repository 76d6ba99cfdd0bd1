package kernelversion

import (
	"cmp"
	"strings"
)

// Release is a kernel release with the upstream version that it was built from.
// Both are needed to order kernels: distributions that put the ABI number in
// the release omit the point release.
type Release struct {
	Name    string  // what uname -r prints
	Version Version // upstream; zero: unknown
}

// ReleaseOf is a release known only by its name: its version is the one that
// the name starts with, or zero.
func ReleaseOf(name string) Release {
	v, _, err := cut(name)
	if err != nil {
		v = Version{}
	}
	return Release{Name: name, Version: v}
}

// Compare orders kernels by upstream version, a release candidate before its
// release, then by name in natural order.
func (r Release) Compare(s Release) int {
	return cmp.Or(r.Version.Compare(s.Version), CompareNatural(r.Name, s.Name))
}

// Series is the first two components of the version, e.g. "6.12", or the name
// if the version is unknown.
func (r Release) Series() string { return cmp.Or(r.Version.Series(), r.Name) }

// Is reports whether name means this release: it is the upstream version or
// series, or the release's name, which may be shortened where a number ends.
// 6.12 means the whole series with its release candidates; 6.1 does not match
// 6.12.
func (r Release) Is(name string) bool {
	if v, rest, err := Cut(name); err == nil && rest == "" && !r.Version.IsZero() {
		if v == r.Version || IsSeries(name) && v == r.Version.FirstOfSeries() {
			return true
		}
	}
	return startsWith(r.Name, name)
}

// startsWith reports whether name is a prefix of a release that ends where a
// number ends.
func startsWith(release, name string) bool {
	rest, ok := strings.CutPrefix(release, name)
	if !ok || name == "" {
		return false
	}
	return rest == "" || !isDigit(rest[0]) || !isDigit(name[len(name)-1])
}

// CompareNatural orders text, comparing runs of digits in it as numbers, so
// that "page/4k" comes before "page/16k".
func CompareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if isDigit(x[0]) && isDigit(y[0]) {
			nx, ny := number(x), number(y)
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
