package kernels

import (
	"cmp"
	"slices"
	"strings"

	debversion "pault.ag/go/debian/version"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

// CompareEntries orders like kernelversion.Release with one refinement: builds
// of one upstream version are ordered by Debian package version first, then by
// release. Origin and architecture come last.
func CompareEntries(a, b Entry) int {
	return cmp.Or(
		a.Version.Compare(b.Version),
		comparePackages(a.PackageVersion, b.PackageVersion),
		kernelversion.CompareNatural(a.Release, b.Release),
		strings.Compare(a.Origin, b.Origin),
		strings.Compare(cmp.Or(a.Arch, AMD64), cmp.Or(b.Arch, AMD64)),
	)
}

// SortEntries sorts entries from the oldest to the newest.
func SortEntries(entries []Entry) { slices.SortFunc(entries, CompareEntries) }

// comparePackages compares package versions; those that are not in Debian's
// format are compared as text.
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
