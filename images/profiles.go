package images

import (
	"bytes"
	_ "embed" // for profiles.yaml
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/splicelab/splicelab/internal/spell"

	"github.com/goccy/go-yaml"
)

//go:embed profiles.yaml
var builtinProfiles []byte

// Builtin returns the lab's built-in profiles, in listing order.
func Builtin() ([]Profile, error) {
	return ParseProfiles("built-in profiles.yaml", builtinProfiles)
}

// ParseProfiles reads a YAML list of profiles such as profiles.yaml. Errors name
// the file and the line; an unknown key is an error.
func ParseProfiles(file string, content []byte) ([]Profile, error) {
	var profiles []Profile
	dec := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict())
	if err := dec.Decode(&profiles); err != nil && !errors.Is(err, io.EOF) {
		// The first line of goccy's message is "[line:column] message"; the
		// others quote the file.
		return nil, fmt.Errorf("%s: %s", file, strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	seen := make(map[string]bool)
	for i, p := range profiles {
		if err := p.Validate(); err != nil {
			return nil, fmt.Errorf("%s: filesystem %d: %w", file, i+1, err)
		}
		if seen[p.Name] {
			return nil, fmt.Errorf("%s: filesystem %q is declared twice: rename one", file, p.Name)
		}
		seen[p.Name] = true
	}
	return profiles, nil
}

// UnknownProfileError reports an unknown profile name, with similar ones.
type UnknownProfileError struct {
	Name  string
	Near  []string // the most similar names, nearest first; may be empty
	Known []string // all names
}

func (e *UnknownProfileError) Error() string {
	if len(e.Near) > 0 {
		return fmt.Sprintf("unknown filesystem %q: did you mean %s? (known: %s)",
			e.Name, strings.Join(e.Near, " or "), strings.Join(e.Known, ", "))
	}
	return fmt.Sprintf("unknown filesystem %q: use all or some of %s", e.Name, strings.Join(e.Known, ", "))
}

// Select returns the profiles called names: comma-separated, each once, in the
// order given, or "all". A profile of user replaces a built-in one of the same
// name. It returns an UnknownProfileError for a name that is neither.
func Select(names string, user []Profile) ([]Profile, error) {
	known, err := Builtin()
	if err != nil {
		return nil, err
	}
	declared := make(map[string]bool)
	for i, p := range user {
		if err := p.Validate(); err != nil {
			return nil, fmt.Errorf("filesystem %d of the configuration: %w", i+1, err)
		}
		if declared[p.Name] {
			return nil, fmt.Errorf("filesystem %q is declared twice in the configuration: rename one", p.Name)
		}
		declared[p.Name] = true
		if i := indexProfile(known, p.Name); i >= 0 {
			known[i] = p
		} else {
			known = append(known, p)
		}
	}
	var chosen []Profile
	for name := range strings.SplitSeq(names, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			continue
		case name == "all":
			return known, nil
		}
		i := indexProfile(known, name)
		if i < 0 {
			return nil, unknownProfile(name, known)
		}
		if indexProfile(chosen, name) < 0 {
			chosen = append(chosen, known[i])
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no filesystem is named: use all or some of %s", strings.Join(profileNames(known), ", "))
	}
	return chosen, nil
}

func indexProfile(profiles []Profile, name string) int {
	return slices.IndexFunc(profiles, func(p Profile) bool { return p.Name == name })
}

func profileNames(profiles []Profile) []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	return names
}

// maxNear is how many similar names an error suggests.
const maxNear = 3

func unknownProfile(name string, known []Profile) error {
	names := profileNames(known)
	near := spell.Near(name, names)
	return &UnknownProfileError{Name: name, Near: near[:min(len(near), maxNear)], Known: names}
}

var (
	profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	fsType      = regexp.MustCompile(`^[a-z0-9_.]+$`)
	configName  = regexp.MustCompile(`^CONFIG_[A-Za-z0-9_]+$`)
)

// maxSizeMiB bounds a disk: sparse, but a guest can fill it.
const maxSizeMiB = 1 << 20

// Validate checks the profile's fields; the error names the profile and the key.
func (p Profile) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("filesystem %q: %s", p.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case p.Name == "":
		return fmt.Errorf("name is missing")
	case !profileName.MatchString(p.Name) || p.Name == "all":
		return fail("name: use lower-case letters, digits and - . _, and not \"all\"")
	case !fsType.MatchString(p.Type):
		return fail("type %q: give the filesystem's name as mount takes it, e.g. ext4", p.Type)
	case p.SizeMiB < 0 || p.SizeMiB > maxSizeMiB:
		return fail("size-mib %d: must be between 1 and %d, or absent for %d", p.SizeMiB, maxSizeMiB, defaultSizeMiB)
	case len(p.Mkfs) == 0 && p.SizeMiB != 0:
		return fail("size-mib has no meaning without mkfs: there is no disk")
	case len(p.Mkfs) == 0 && p.Pmem:
		return fail("pmem has no meaning without mkfs: there is no disk")
	case p.PageSize != 0 && (p.PageSize < 4<<10 || p.PageSize&(p.PageSize-1) != 0):
		return fail("page-size %d: must be a power of two from 4096 on, or absent for any", p.PageSize)
	case strings.ContainsAny(p.Options, " \t\n"):
		return fail("options %q: must be comma-separated, without blanks", p.Options)
	}
	if len(p.Mkfs) > 0 {
		if err := checkMkfs(p.Mkfs); err != nil {
			return fail("%v", err)
		}
	}
	for _, option := range p.Requires {
		if !configName.MatchString(option) {
			return fail("requires %q: must be a kernel option like CONFIG_XFS_FS", option)
		}
	}
	for _, e := range p.Exclude {
		if err := e.validate(); err != nil {
			return fail("exclude: %v", err)
		}
	}
	return nil
}
