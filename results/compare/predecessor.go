package compare

import (
	"slices"

	"github.com/splicelab/splicelab/results"
)

// Predecessor returns the release among others that release replaces: itself,
// else the newest older one of the same flavour and series, else the oldest one
// of these. ok is false if there is none.
//
// Distributions replace 6.12.117 with 6.12.118: without this, no cell of the
// newest kernels would be compared.
func Predecessor(release results.Kernel, others []results.Kernel) (found results.Kernel, ok bool) {
	if slices.ContainsFunc(others, func(o results.Kernel) bool { return o.Name == release.Name && o.SameFlavour(release) }) {
		return release, true
	}
	alike := relatives(release, others)
	alike = slices.DeleteFunc(alike, func(o results.Kernel) bool { return o.Series() != release.Series() })
	if found, ok := lastBefore(release, alike); ok || len(alike) == 0 {
		return found, ok
	}
	return alike[0], true
}

// Older returns the newest of other releases that is older than a release and
// of the same flavour, in any series. ok is false if there is none.
func Older(release results.Kernel, others []results.Kernel) (found results.Kernel, ok bool) {
	return lastBefore(release, relatives(release, others))
}

// relatives are the releases of the same flavour, oldest first.
func relatives(release results.Kernel, others []results.Kernel) []results.Kernel {
	var alike []results.Kernel
	for _, o := range others {
		if o.SameFlavour(release) && results.Flavour(o.Name) == results.Flavour(release.Name) {
			alike = append(alike, o)
		}
	}
	slices.SortFunc(alike, results.Kernel.Compare)
	return alike
}

// lastBefore is the last of sorted releases that is older than one.
func lastBefore(release results.Kernel, sorted []results.Kernel) (found results.Kernel, ok bool) {
	for _, o := range slices.Backward(sorted) {
		if o.Compare(release) < 0 {
			return o, true
		}
	}
	return results.Kernel{}, false
}
