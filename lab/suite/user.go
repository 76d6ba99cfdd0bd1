package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/protocol"
)

// User is a user suite: a compiled Go package, a prebuilt test binary, or a
// program that the lab wraps in a suite.
type User struct {
	protocol.Suite
	Binary  string // on the host
	Program string // on the host; empty unless the suite wraps a program
	// Dir is the directory of the package. Its files and its testdata are in
	// the guest, in the tests' working directory, as under go test. For a
	// prebuilt binary it is only the testdata next to it.
	Dir      string
	prebuilt bool      // the user gave the binary
	arch     arch.Arch // of the binary, or of the program
	builds   *builds   // for other architectures; nil if nothing can be built
}

// UserError says why what the user gave is not a suite. The user has to fix
// it.
type UserError struct {
	From string // as the user wrote it
	Why  string
}

func (e *UserError) Error() string { return fmt.Sprintf("tests from %s: %s", e.From, e.Why) }

// BadInput marks the error as the user's.
func (*UserError) BadInput() {}

// FromUser creates suites from the user's arguments: Go packages, by directory
// or import path, and C files, which are compiled into dir; test binaries; other
// programs. Names must be unique, also among the known suites. guestDir has the
// suite that wraps a program.
func FromUser(ctx context.Context, guestDir, dir string, from []string, known []protocol.Suite) ([]User, error) {
	taken := map[string]string{}
	for _, s := range known {
		taken[s.Name] = "a suite of splicelab"
	}
	var out []User
	for _, f := range from {
		s, err := fromUser(ctx, guestDir, dir, f, taken)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func fromUser(ctx context.Context, guestDir, dir, from string, taken map[string]string) (User, error) {
	refuse := func(format string, args ...any) error {
		return &UserError{from, strings.TrimSpace(fmt.Sprintf(format, args...))}
	}
	var s User
	if st, err := os.Stat(from); err == nil && st.Mode().IsRegular() {
		if s.Binary, err = filepath.Abs(from); err != nil {
			return s, err
		}
		s.prebuilt, s.Dir = true, filepath.Dir(s.Binary)
		s.Name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(from), binarySuffix), cSuffix)
	} else {
		p, err := findPackage(ctx, from)
		if err != nil {
			return s, refuse("%s", err)
		}
		s.Name, s.Dir = p.suiteName(), p.dir
	}
	if other := taken[s.Name]; other != "" {
		return s, refuse("its name would be %q, which is taken by %s: rename the package or the binary", s.Name, other)
	}
	taken[s.Name] = from
	if !validName.MatchString(s.Name) {
		return s, refuse("%q cannot be the name of a suite: use letters, digits, - and _", s.Name)
	}
	if err := s.build(ctx, dir); err != nil {
		return s, refuse("%s", err)
	}
	switch host := arch.Default(); {
	case !isGoTest(s.Binary):
		s.Program, s.Binary = s.Binary, filepath.Join(guestDir, wrapperFile)
		if !isFile(s.Binary) {
			return s, &MissingGuestError{s.Binary}
		}
	case s.arch.Name != host.Name:
		return s, refuse("it is a test binary for %s, and only one for %s can be asked here for its tests: name the package instead, which is compiled for every architecture", s.arch.Name, host.Name)
	}
	described, err := describe(ctx, s.Binary)
	if err != nil {
		return s, refuse("%s", err)
	}
	described.Name = s.Name
	if s.Suite = described; len(s.Tests) == 0 {
		return s, refuse("it has no test: no function TestXxx(*testing.T)")
	}
	return s, nil
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func isFile(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
