package kernels

import (
	"cmp"
	"slices"
	"strings"

	debversion "pault.ag/go/debian/version"
)

// CompareEntries orders kernels: by upstream version, then by package version
// as Debian compares them, then by release and origin.
func CompareEntries(a, b Entry) int {
	return cmp.Or(
		a.Version.Compare(b.Version),
		comparePackages(a.PackageVersion, b.PackageVersion),
		strings.Compare(a.Release, b.Release),
		strings.Compare(a.Origin, b.Origin),
	)
}

// SortEntries sorts entries from the oldest to the newest.
func SortEntries(entries []Entry) { slices.SortFunc(entries, CompareEntries) }

// comparePackages compares package versions; what is not one of Debian's is
// compared as text.
func comparePackages(a, b string) int {
	if a == b {
		return 0
	}
	av, aErr := debversion.Parse(a)
	bv, bErr := debversion.Parse(b)
	if aErr != nil || bErr != nil {
		return strings.Compare(a, b)
	}
	return debversion.Compare(av, bv)
}
