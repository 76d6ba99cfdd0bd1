// Package kernelversion is the only implementation of kernel versions: parsing,
// ordering, and ranges.
//
// A release (uname -r) does not always contain the upstream version: Debian's
// 6.1.0-56-cloud-amd64 is upstream 6.1.192. A Release therefore carries both.
// The package imports nothing from this module.
package kernelversion

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is an upstream kernel version, e.g. 6.12.9 or 6.13-rc2. It can be
// compared with == and used as a map key. The zero Version means unknown and
// is older than every other.
type Version struct {
	n  [4]uint32 // major, minor, patch, and the fourth component of 2.6.x.y
	rc uint32    // release candidate; 0 for a release
}

// maxComponent bounds a component of a version, far from overflow.
const maxComponent = 1 << 24

// separators are the characters that may follow a version in a longer name.
const separators = "-+~_ "

// Parse reads the upstream version at the start of s, which may be an upstream
// version ("6.12", "6.13-rc2"), a release ("6.12.95+deb13-cloud-amd64") or a
// Debian package version ("6.13~rc2-1~exp1", "6.1.192-2"). Whatever follows the
// version is ignored, but a separator must precede it.
func Parse(s string) (Version, error) {
	v, _, err := Cut(s)
	return v, err
}

// Cut is like Parse, and also returns what follows the version, with its
// separator.
func Cut(s string) (v Version, rest string, err error) {
	v, rest, err = cut(s)
	if err != nil {
		return Version{}, "", fmt.Errorf("kernel version %q: %w", s, err)
	}
	if rest != "" && !strings.ContainsRune(separators, rune(rest[0])) {
		return Version{}, "", fmt.Errorf("kernel version %q: unexpected %q after %s", s, rest, v)
	}
	return v, rest, nil
}

func cut(rest string) (Version, string, error) {
	var v Version
	count := 0
	for {
		digits := number(rest)
		if digits == "" || count == len(v.n) {
			return Version{}, "", fmt.Errorf("want numbers like 6.12 or 6.12.9")
		}
		n, err := component(digits)
		if err != nil {
			return Version{}, "", err
		}
		v.n[count] = n
		count++
		rest = rest[len(digits):]
		if len(rest) < 2 || rest[0] != '.' || !isDigit(rest[1]) {
			break
		}
		rest = rest[1:]
	}
	if count < 2 {
		return Version{}, "", fmt.Errorf("want at least two numbers, like 6.12")
	}
	for _, mark := range []string{"-rc", "~rc"} {
		tail, ok := strings.CutPrefix(rest, mark)
		if !ok {
			continue
		}
		digits := number(tail)
		n, err := component(digits)
		if err != nil || n == 0 {
			return Version{}, "", fmt.Errorf("want a number from 1 after rc")
		}
		v.rc, rest = n, tail[len(digits):]
		break
	}
	return v, rest, nil
}

func component(digits string) (uint32, error) {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n >= maxComponent {
		return 0, fmt.Errorf("%s is out of range", digits)
	}
	return uint32(n), nil
}

// number is the run of digits at the start of s.
func number(s string) string {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Compare returns -1, 0 or +1 as v is older than, the same as, or newer than
// w. A release candidate is older than its release.
func (v Version) Compare(w Version) int {
	for i := range v.n {
		if c := cmp.Compare(v.n[i], w.n[i]); c != 0 {
			return c
		}
	}
	switch {
	case v.rc == w.rc:
		return 0
	case v.rc == 0:
		return 1
	case w.rc == 0:
		return -1
	}
	return cmp.Compare(v.rc, w.rc)
}

// Equal is ==, for packages that compare values with an Equal method.
func (v Version) Equal(w Version) bool { return v == w }

// IsZero reports whether the version is unknown.
func (v Version) IsZero() bool { return v == Version{} }

// String writes the version as upstream does: "6.12", "6.12.9", "6.13-rc2".
// The zero Version is the empty string.
func (v Version) String() string {
	if v.IsZero() {
		return ""
	}
	s := v.Series()
	if v.n[2] != 0 || v.n[3] != 0 {
		s += fmt.Sprintf(".%d", v.n[2])
	}
	if v.n[3] != 0 {
		s += fmt.Sprintf(".%d", v.n[3])
	}
	if v.rc != 0 {
		s += fmt.Sprintf("-rc%d", v.rc)
	}
	return s
}

// Series is the first two components, e.g. "6.12"; empty for the zero Version.
func (v Version) Series() string {
	if v.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d", v.n[0], v.n[1])
}

// FirstOfSeries is v truncated to its first two components.
func (v Version) FirstOfSeries() Version { return Version{n: [4]uint32{v.n[0], v.n[1]}} }

// IsSeries reports whether a version, as written, names a whole series: it has
// two components, like "6.12", and is not a release candidate.
func IsSeries(text string) bool {
	_, rest, err := Cut(text)
	return err == nil && rest == "" && strings.Count(text, ".") == 1 && !strings.Contains(text, "rc")
}

// MarshalText writes the version as String does.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote; an empty text is the zero
// Version.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	w, err := Parse(string(text))
	if err != nil {
		return err
	}
	*v = w
	return nil
}
