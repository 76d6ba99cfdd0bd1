package results

import (
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/kernelversion"
)

// Series is the "6.12" at the start of a release, or the whole release if it
// has no such prefix.
func Series(release string) string { return kernelversion.ReleaseOf(release).Series() }

// upstream is the leading dotted number of a release.
func upstream(release string) string {
	n := 0
	for n < len(release) && (isDigit(release[n]) || release[n] == '.' && n+1 < len(release) && isDigit(release[n+1])) {
		n++
	}
	return release[:n]
}

// SharedFlavour is the suffix that all releases share, e.g. "-cloud-amd64".
func SharedFlavour(releases []string) string {
	flavour := ""
	for i, r := range releases {
		f := ""
		at := len(r)
		if known := arch.FlavourOf(r); known != "" {
			// It may contain a number: "arm64-16k".
			at -= len(known) + 1
			f = r[at:]
		}
		for at > 0 {
			at = strings.LastIndexByte(r[:at], '-')
			// A number belongs to the version: "5.10.0-46", "7.2-rc5" too.
			if at <= 0 || at+1 == len(r) || isDigit(r[at+1]) || strings.HasPrefix(r[at+1:], "rc") {
				break
			}
			f = r[at:]
		}
		if i == 0 {
			flavour = f
		}
		for !strings.HasSuffix(f, flavour) {
			next := strings.IndexByte(flavour[1:], '-')
			if next < 0 {
				return ""
			}
			flavour = flavour[1+next:]
		}
	}
	return flavour
}

// Flavour is a release without its version and build number: "cloud-amd64",
// "lab-arm64-16k".
func Flavour(release string) string {
	known := arch.FlavourOf(release)
	var words []string
	for word := range strings.SplitSeq(strings.TrimSuffix(release[len(upstream(release)):], known), "-") {
		number := strings.TrimPrefix(word, "rc")
		if word == "" || number == "" || isDigit(number[0]) || strings.ContainsRune("+~.", rune(word[0])) {
			continue
		}
		words = append(words, word)
	}
	if known != "" {
		words = append(words, known)
	}
	return strings.Join(words, "-")
}
