package results

import (
	"slices"
	"strings"
)

// Predecessor returns the one of other releases that a release is to be
// compared with: itself; else, of the same flavour, the newest that is older and
// of its series; else the oldest of its series; else the newest that is older. ok is
// false when there is none.
//
// Distributions replace 6.12.117 by 6.12.118, and a run of the newest kernels
// has other releases each week: without this, none of their cells would be
// compared with anything.
func Predecessor(release string, others []string) (found string, ok bool) {
	var older, series []string
	for _, o := range others {
		switch {
		case o == release:
			return o, true
		case flavour(o) != flavour(release):
		default:
			if compareReleases(o, release) < 0 {
				older = append(older, o)
			}
			if Series(o) == Series(release) {
				series = append(series, o)
			}
		}
	}
	slices.SortFunc(older, compareReleases)
	slices.SortFunc(series, compareReleases)
	for _, o := range slices.Backward(older) {
		if Series(o) == Series(release) {
			return o, true
		}
	}
	switch {
	case len(series) > 0:
		return series[0], true
	case len(older) > 0:
		return older[len(older)-1], true
	}
	return "", false
}

// flavour is what of a release neither its version nor the number of a build
// says: cloud-amd64.
func flavour(release string) string {
	var words []string
	for word := range strings.SplitSeq(release[len(upstream(release)):], "-") {
		number := strings.TrimPrefix(word, "rc")
		if word == "" || number == "" || isDigit(number[0]) || strings.ContainsRune("+~.", rune(word[0])) {
			continue
		}
		words = append(words, word)
	}
	return strings.Join(words, "-")
}
