package results

import (
	"cmp"
	"fmt"
	"strings"
)

// OfRelease reports whether name selects release: name is a release, or a prefix
// of one that ends where a number ends. So 6.12 selects its series and its
// release candidates, and 6.1 selects nothing of 6.12.
func OfRelease(release, name string) bool {
	rest, ok := strings.CutPrefix(release, name)
	if !ok || name == "" {
		return false
	}
	return rest == "" || !isDigit(rest[0]) || !isDigit(name[len(name)-1])
}

// ReleaseRange is an inclusive range of kernel releases. An end includes
// everything that it selects (see OfRelease); an empty end is open.
type ReleaseRange struct{ From, To string }

// ParseReleaseRange parses "6.12", "6.12.95", "6.1..6.6", "..6.0", "7.0..", as
// exclusions of filesystem profiles have them. An end may be a full release.
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
			return r, fmt.Errorf("kernels %q: %q is no kernel release such as 6.12", text, end)
		}
	}
	if r.From != "" && r.To != "" && CompareReleases(r.From, r.To) > 0 && !OfRelease(r.From, r.To) {
		return r, fmt.Errorf("kernels %q: %s is newer than %s: swap them", text, r.From, r.To)
	}
	return r, nil
}

// Contains reports whether release is in the range. A release that does not begin
// with a number is in none.
func (r ReleaseRange) Contains(release string) bool {
	return upstream(release) != "" && (r.From == "" || CompareReleases(release, r.From) >= 0 || OfRelease(release, r.From)) &&
		(r.To == "" || CompareReleases(release, r.To) <= 0 || OfRelease(release, r.To))
}

// String formats the range as ParseReleaseRange parses it.
func (r ReleaseRange) String() string {
	if r.From == r.To {
		return r.From
	}
	return r.From + ".." + r.To
}

// Series is the leading "6.12" of a release, or the release itself where there is
// none.
func Series(release string) string {
	parts := strings.SplitN(upstream(release), ".", 3)
	if len(parts) < 2 {
		return release
	}
	return parts[0] + "." + parts[1]
}

// CompareReleases orders kernel releases: by upstream version, a release
// candidate before its release, then the suffix of the distribution.
func CompareReleases(a, b string) int {
	ra, rb := upstream(a), upstream(b)
	if c := CompareNatural(ra, rb); c != 0 {
		return c
	}
	na, ca := candidate(a[len(ra):])
	nb, cb := candidate(b[len(rb):])
	switch {
	case ca && !cb:
		return -1
	case cb && !ca:
		return 1
	}
	return cmp.Or(CompareNatural(na, nb), CompareNatural(a, b))
}

// upstream is the leading dotted number of a release.
func upstream(release string) string {
	n := 0
	for n < len(release) && (isDigit(release[n]) || release[n] == '.' && n+1 < len(release) && isDigit(release[n+1])) {
		n++
	}
	return release[:n]
}

// candidate cuts the "-rc3" or "~rc3" that rest begins with.
func candidate(rest string) (name string, ok bool) {
	if len(rest) > 1 && (rest[0] == '-' || rest[0] == '~') && strings.HasPrefix(rest[1:], "rc") {
		return rest[1:], true
	}
	return rest, false
}

// SharedFlavour is the "-cloud-amd64" at the end of every release.
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
