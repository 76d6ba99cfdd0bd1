package compare

import (
	"slices"

	"github.com/splicelab/splicelab/results"
)

// Predecessor returns the release of others that release replaces: itself; else, of
// the same flavour and series, the newest older one, or the oldest of all. ok is
// false if there is none.
//
// Distributions replace 6.12.117 by 6.12.118: without this, no cell of the newest
// kernels would be compared.
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

// Older returns the newest of others that is older than release and of its flavour,
// in any series. ok is false if there is none.
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
