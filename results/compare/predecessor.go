package compare

import (
	"slices"

	"github.com/splicelab/splicelab/results"
)

// Predecessor returns the one of other releases that a release stands in for:
// itself; else, of the same flavour and series, the newest that is older, or the
// oldest there is. ok is false when there is none.
//
// Distributions replace 6.12.117 by 6.12.118: without this, none of the cells
// of the newest kernels would be compared with anything.
func Predecessor(release string, others []string) (found string, ok bool) {
	if slices.Contains(others, release) {
		return release, true
	}
	alike := relatives(release, others)
	alike = slices.DeleteFunc(alike, func(o string) bool { return results.Series(o) != results.Series(release) })
	if found, ok := lastBefore(release, alike); ok || len(alike) == 0 {
		return found, ok
	}
	return alike[0], true
}

// Older returns the newest of other releases that is older than a release and
// of its flavour, whatever its series. ok is false when there is none.
func Older(release string, others []string) (found string, ok bool) {
	return lastBefore(release, relatives(release, others))
}

// relatives are the releases of the same flavour, oldest first.
func relatives(release string, others []string) []string {
	var alike []string
	for _, o := range others {
		if results.Flavour(o) == results.Flavour(release) {
			alike = append(alike, o)
		}
	}
	slices.SortFunc(alike, results.CompareReleases)
	return alike
}

// lastBefore is the last of sorted releases that is older than one.
func lastBefore(release string, sorted []string) (found string, ok bool) {
	for _, o := range slices.Backward(sorted) {
		if results.CompareReleases(o, release) < 0 {
			return o, true
		}
	}
	return "", false
}
