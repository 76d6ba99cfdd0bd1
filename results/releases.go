package results

import (
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/kernelversion"
)

// Kernel is a kernel of a run.
type Kernel struct {
	kernelversion.Release
	Arch    string // as Debian and Go name it; empty: unknown
	Flavour string
	Digest  string // hex SHA-256; empty until the kernel is fetched
}

// Release is the kernel of an attempt, with its upstream version from the
// store, or else the one in its name.
func (a *Attempt) Release() kernelversion.Release {
	if a.Version.IsZero() {
		return kernelversion.ReleaseOf(a.Kernel)
	}
	return kernelversion.Release{Name: a.Kernel, Version: a.Version}
}

// Releases returns the distinct kernels of cells, oldest first.
func Releases(cells []Cell) []kernelversion.Release {
	seen := make(map[string]bool)
	var all []kernelversion.Release
	for i := range cells {
		if c := &cells[i]; !seen[c.Kernel] {
			seen[c.Kernel] = true
			all = append(all, c.Release())
		}
	}
	slices.SortFunc(all, kernelversion.Release.Compare)
	return all
}

// ReleaseNames returns the names of releases.
func ReleaseNames(releases []kernelversion.Release) []string {
	var names []string
	for _, r := range releases {
		names = append(names, r.Name)
	}
	return names
}

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
		for at := len(r); at > 0; {
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

// Flavour is a release without its version and build number: "cloud-amd64".
func Flavour(release string) string {
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
