package kernelversion

import (
	"errors"
	"fmt"
	"strings"
)

// Range is an inclusive range of kernels. Ranges can be compared with ==; the
// zero Range contains nothing.
type Range struct {
	from, to bound
}

// bound is one end of a range. If its text is empty, the end is open.
type bound struct {
	text    string
	version Version
	series  bool // it stands for the whole series
	release bool // it is a release, not an upstream version
}

// ParseRange reads "6.12", "6.12.95", "6.12.43..6.12.117", "6.1..6.6", "..6.0",
// "7.0.." and, in place of any version, a release such as
// 6.12.95+deb13-cloud-amd64.
//
// An end that names a series includes the whole series, release candidates too.
// Versions are compared with upstream versions: 6.1.192 contains Debian's
// 6.1.0-56, and 6.1.0 does not. Releases are compared with releases; a release
// may be shortened where a number ends.
func ParseRange(text string) (Range, error) {
	from, to, isRange := strings.Cut(strings.TrimSpace(text), "..")
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if !isRange {
		to = from
	}
	if from == "" && to == "" {
		return Range{}, fmt.Errorf("kernels %q: want a version such as 6.12, or FROM..TO, one of which may be left out", text)
	}
	var r Range
	var err error
	if r.from, err = parseBound(from); err == nil {
		r.to, err = parseBound(to)
	}
	if err != nil {
		return Range{}, fmt.Errorf("kernels %q: %w", text, err)
	}
	if from != "" && to != "" && !r.to.atLeast(Release{Name: from, Version: r.from.version}) {
		return Range{}, fmt.Errorf("kernels %q: %s is newer than %s: swap them", text, from, to)
	}
	return r, nil
}

func parseBound(text string) (bound, error) {
	if text == "" {
		return bound{}, nil
	}
	v, rest, err := Cut(text)
	if err != nil {
		return bound{}, err
	}
	if v.IsZero() {
		return bound{}, errors.New("kernel version 0.0: there is none")
	}
	return bound{text: text, version: v, series: IsSeries(text), release: rest != ""}, nil
}

// Contains reports whether a kernel lies in the range. A kernel of unknown
// version lies in none.
func (r Range) Contains(k Release) bool {
	return r != Range{} && !k.Version.IsZero() && r.from.atMost(k) && r.to.atLeast(k)
}

// atMost reports whether the bound is older than k, or includes it.
func (b bound) atMost(k Release) bool { return b.text == "" || b.compare(k) <= 0 }

// atLeast reports whether the bound is newer than k, or includes it.
func (b bound) atLeast(k Release) bool { return b.text == "" || b.compare(k) >= 0 }

// compare is 0 where the bound includes k.
func (b bound) compare(k Release) int {
	switch {
	case b.release && k.Name != "":
		if startsWith(k.Name, b.text) {
			return 0
		}
		// The upstream version of b is unknown, so k's is of no use.
		return ReleaseOf(b.text).Compare(ReleaseOf(k.Name))
	case b.series:
		return b.version.Compare(k.Version.FirstOfSeries())
	}
	return b.version.Compare(k.Version)
}

// From is the upstream version of the older end; zero if the end is open.
func (r Range) From() Version { return r.from.version }

// To is the upstream version of the newer end; zero if the end is open.
func (r Range) To() Version { return r.to.version }

// HasRelease reports whether an end is a release rather than an upstream
// version.
func (r Range) HasRelease() bool { return r.from.release || r.to.release }

// String writes the range as ParseRange reads it.
func (r Range) String() string {
	if r.from == r.to {
		return r.from.text
	}
	return r.from.text + ".." + r.to.text
}
