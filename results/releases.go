package results

import (
	"fmt"
	"strings"
)

// CompareReleases orders kernel releases as reports do: by the number that a
// release begins with, a release candidate before its release. Debian's
// 6.1.0-56 counts as 6.1.0: a release does not say which upstream version it
// is of.
func CompareReleases(a, b string) int { return compareReleases(a, b) }

// OfRelease reports whether release is the kernel that name means, or one of
// those: name is a release, or what one begins with up to where a number ends.
// So 6.12 names its whole series, with the release candidates, and 6.1 nothing
// of 6.12.
func OfRelease(release, name string) bool {
	rest, ok := strings.CutPrefix(release, name)
	if !ok || name == "" {
		return false
	}
	return rest == "" || !isDigit(rest[0]) || !isDigit(name[len(name)-1])
}

// ReleaseRange is an inclusive range of kernel releases. An end takes in
// everything that it names: see OfRelease. An empty end is open.
type ReleaseRange struct{ From, To string }

// ParseReleaseRange reads what the exclusions of filesystem profiles have:
// "6.12", "6.12.95", "6.1..6.6", "..6.0", "7.0..". An end may be a whole
// release.
func ParseReleaseRange(text string) (ReleaseRange, error) {
	from, to, isRange := strings.Cut(strings.TrimSpace(text), "..")
	r := ReleaseRange{strings.TrimSpace(from), strings.TrimSpace(to)}
	if !isRange {
		r.To = r.From
	}
	if r == (ReleaseRange{}) {
		return r, fmt.Errorf("kernels %q: give a release such as 6.12, or a range such as 6.1..6.6", text)
	}
	for _, end := range []string{r.From, r.To} {
		if end != "" && !strings.Contains(upstream(end), ".") {
			return r, fmt.Errorf("kernels %q: %q does not begin like a kernel release, as 6.12 does", text, end)
		}
	}
	if r.From != "" && r.To != "" && compareReleases(r.From, r.To) > 0 && !OfRelease(r.From, r.To) {
		return r, fmt.Errorf("kernels %q: %s is newer than %s: swap them", text, r.From, r.To)
	}
	return r, nil
}

// Contains reports whether release lies in the range. What does not begin with
// a number lies in none.
func (r ReleaseRange) Contains(release string) bool {
	return upstream(release) != "" && (r.From == "" || compareReleases(release, r.From) >= 0 || OfRelease(release, r.From)) &&
		(r.To == "" || compareReleases(release, r.To) <= 0 || OfRelease(release, r.To))
}

// String writes the range as ParseReleaseRange reads it.
func (r ReleaseRange) String() string {
	if r.From == r.To {
		return r.From
	}
	return r.From + ".." + r.To
}

// Series is the "6.12" that a release begins with; the release itself where
// there is no such beginning.
func Series(release string) string {
	parts := strings.SplitN(upstream(release), ".", 3)
	if len(parts) < 2 {
		return release
	}
	return parts[0] + "." + parts[1]
}
