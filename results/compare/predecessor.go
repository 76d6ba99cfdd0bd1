package compare

import (
	"slices"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/results"
)

// Predecessor returns the release of others that release replaces: itself; else, of
// the same flavour and series, the newest older one, or the oldest of all. ok is
// false if there is none.
//
// Distributions replace 6.12.117 by 6.12.118: without this, none of the cells
// of the newest kernels would be compared with anything.
func Predecessor(release kernelversion.Release, others []kernelversion.Release) (found kernelversion.Release, ok bool) {
	if slices.ContainsFunc(others, func(o kernelversion.Release) bool { return o.Name == release.Name }) {
		return release, true
	}
	alike := relatives(release, others)
	alike = slices.DeleteFunc(alike, func(o kernelversion.Release) bool { return o.Series() != release.Series() })
	if found, ok := lastBefore(release, alike); ok || len(alike) == 0 {
		return found, ok
	}
	return alike[0], true
}

// Older returns the newest of other releases that is older than a release and
// of its flavour, whatever its series. ok is false when there is none.
func Older(release kernelversion.Release, others []kernelversion.Release) (found kernelversion.Release, ok bool) {
	return lastBefore(release, relatives(release, others))
}

// relatives are the releases of the same flavour, oldest first.
func relatives(release kernelversion.Release, others []kernelversion.Release) []kernelversion.Release {
	var alike []kernelversion.Release
	for _, o := range others {
		if results.Flavour(o.Name) == results.Flavour(release.Name) {
			alike = append(alike, o)
		}
	}
	slices.SortFunc(alike, kernelversion.Release.Compare)
	return alike
}

// lastBefore is the last of sorted releases that is older than one.
func lastBefore(release kernelversion.Release, sorted []kernelversion.Release) (found kernelversion.Release, ok bool) {
	for _, o := range slices.Backward(sorted) {
		if o.Compare(release) < 0 {
			return o, true
		}
	}
	return kernelversion.Release{}, false
}
