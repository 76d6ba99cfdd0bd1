package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/internal/arch"
	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/suite"
)

// Programs finds the guest programs, once per invocation.
type Programs struct {
	mu   sync.Mutex        // several goroutines may ask
	dirs map[string]string // where they were found, by architecture
}

// GuestPrograms is the directory of the guest programs for the host's
// architecture: the configured one, else "guest" next to the executable, where a
// checkout has those just built, else the embedded programs, extracted into the
// cache. A program that go install built has none embedded and compiles them
// once.
func (s Settings) GuestPrograms(ctx context.Context) (string, error) {
	return s.GuestProgramsFor(ctx, arch.Default())
}

// GuestProgramsFor is GuestPrograms for an architecture. In a directory of guest
// programs, those of other architectures than the host's are below their names.
func (s Settings) GuestProgramsFor(ctx context.Context, a arch.Arch) (string, error) {
	host := a.Name == arch.Default().Name
	if s.GuestDir != "" && host {
		return s.GuestDir, nil
	}
	s.Programs.mu.Lock()
	defer s.Programs.mu.Unlock()
	if dir, found := s.Programs.dirs[a.Name]; found {
		return dir, nil
	}
	dir, err := s.findPrograms(ctx, a)
	if err != nil {
		return "", err
	}
	if s.Programs.dirs == nil {
		s.Programs.dirs = map[string]string{}
	}
	s.Programs.dirs[a.Name] = dir
	return dir, nil
}

// NoProgramsError reports that there are no guest programs.
type NoProgramsError struct {
	Err     error
	Foreign string // the architecture, if it is not the host's
}

func (e *NoProgramsError) Error() string {
	switch {
	case !errors.Is(e.Err, guestbin.ErrNone):
		return "compiling the guest programs, which go install leaves out: " + e.Err.Error()
	case e.Foreign != "":
		return fmt.Sprintf("this splicelab was built without guest programs for %s", e.Foreign)
	}
	return "this splicelab was built without its guest programs"
}

func (e *NoProgramsError) Unwrap() error { return e.Err }

func (s Settings) findPrograms(ctx context.Context, a arch.Arch) (string, error) {
	below := ""
	if a.Name != arch.Default().Name {
		below = a.Name
	}
	if s.GuestDir != "" {
		if dir := filepath.Join(s.GuestDir, below); isGuestDir(dir) {
			return dir, nil
		}
	}
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		if dir := filepath.Join(filepath.Dir(self), "guest", below); isGuestDir(dir) {
			return dir, nil
		}
	}
	set, err := guestbin.Embedded(a.Name)
	if err == nil {
		return set.Extract(s.Cache)
	}
	if !errors.Is(err, guestbin.ErrNone) {
		return "", err
	}
	module, version, ok := guestbin.Installed()
	if !ok {
		return "", &NoProgramsError{guestbin.ErrNone, below}
	}
	dir, err := guestbin.Compile(ctx, s.Cache, module, version, a.Name, s.Log.Note)
	if err != nil {
		return "", &NoProgramsError{err, below}
	}
	return dir, nil
}

func isGuestDir(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "agent"))
	return err == nil
}

// GuestSuites describes the test suites among the guest programs.
func (s Settings) GuestSuites(ctx context.Context) ([]protocol.Suite, error) {
	dir, err := s.GuestPrograms(ctx)
	if err != nil {
		return nil, err
	}
	return suite.List(ctx, dir)
}

// ModulesOf are the modules that the tests of a suite in the guest directory may
// request. Any other program has none, since it is not run on the host to find
// out.
func (s Settings) ModulesOf(ctx context.Context, binary string) ([]string, error) {
	guest, err := s.GuestPrograms(ctx)
	if err != nil {
		return nil, err
	}
	if filepath.Dir(binary) != guest || filepath.Ext(binary) != ".test" {
		return nil, nil
	}
	suites, err := s.GuestSuites(ctx)
	name := strings.TrimSuffix(filepath.Base(binary), ".test")
	return suite.AllModules(slices.DeleteFunc(suites, func(s protocol.Suite) bool { return s.Name != name })), err
}
