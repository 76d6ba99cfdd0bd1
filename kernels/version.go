package kernels

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is an upstream kernel version, e.g. 6.12.9 or 6.13-rc2. It is a
// value that can be compared with == and used as a map key; the zero Version
// means that none is known and is older than every other.
type Version struct {
	n  [4]uint32 // major, minor, patch, and the fourth of 2.6.x.y
	rc uint32    // release candidate; 0 for a release
}

// maxComponent bounds a component of a version: generous for kernels, and far
// from overflow.
const maxComponent = 1 << 24

// ParseVersion reads the upstream version at the start of s, which may be an
// upstream version ("6.12", "6.13-rc2"), what uname -r prints
// ("5.10.0-46-cloud-amd64") or a Debian package version ("6.13~rc2-1~exp1",
// "6.1.192-2"). What follows the upstream version is not looked at, but has to
// be set off by a separator.
func ParseVersion(s string) (Version, error) {
	v, rest, err := cutVersion(s)
	if err != nil {
		return Version{}, err
	}
	if rest != "" && !strings.ContainsRune(separators, rune(rest[0])) {
		return Version{}, fmt.Errorf("kernel version %q: unexpected %q after %s", s, rest, v)
	}
	return v, nil
}

// separators are the characters that may follow a version in a longer name.
const separators = "-+~_ "

// cutVersion reads the version at the start of s and returns what follows it.
func cutVersion(s string) (Version, string, error) {
	var v Version
	rest := s
	count := 0
	for {
		i := 0
		for i < len(rest) && '0' <= rest[i] && rest[i] <= '9' {
			i++
		}
		if i == 0 || count == len(v.n) {
			return Version{}, "", fmt.Errorf("kernel version %q: want numbers like 6.12 or 6.12.9", s)
		}
		n, err := strconv.ParseUint(rest[:i], 10, 32)
		if err != nil || n >= maxComponent {
			return Version{}, "", fmt.Errorf("kernel version %q: %s is out of range", s, rest[:i])
		}
		v.n[count] = uint32(n)
		count++
		rest = rest[i:]
		if len(rest) < 2 || rest[0] != '.' || rest[1] < '0' || rest[1] > '9' {
			break
		}
		rest = rest[1:]
	}
	if count < 2 {
		return Version{}, "", fmt.Errorf("kernel version %q: want at least two numbers, like 6.12", s)
	}
	for _, mark := range []string{"-rc", "~rc"} {
		tail, ok := strings.CutPrefix(rest, mark)
		if !ok {
			continue
		}
		i := 0
		for i < len(tail) && '0' <= tail[i] && tail[i] <= '9' {
			i++
		}
		n, err := strconv.ParseUint(tail[:i], 10, 32)
		if err != nil || n == 0 || n >= maxComponent {
			return Version{}, "", fmt.Errorf("kernel version %q: want a number from 1 after rc", s)
		}
		v.rc = uint32(n)
		rest = tail[i:]
		break
	}
	return v, rest, nil
}

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

// IsZero reports whether no version is known.
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

// Series is the first two components, e.g. "6.12"; the empty string for the
// zero Version.
func (v Version) Series() string {
	if v.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d", v.n[0], v.n[1])
}

// series is v reduced to its series, for comparing.
func (v Version) series() Version { return Version{n: [4]uint32{v.n[0], v.n[1]}} }

// MarshalText writes the version as String does.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote; an empty text is the zero
// Version.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*v = Version{}
		return nil
	}
	w, err := ParseVersion(string(text))
	if err != nil {
		return err
	}
	*v = w
	return nil
}
