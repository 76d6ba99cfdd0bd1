package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/splicelab/splicelab/internal/guestbin"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/suite"
)

// Programs finds the guest programs, once per invocation.
type Programs struct {
	mu  sync.Mutex // several goroutines may ask
	dir string     // where they were found
}

// GuestPrograms is the directory of the guest programs: the configured one, else
// "guest" next to the executable, where a checkout has those just built, else the
// embedded programs, extracted into the cache. A program that go install built
// has none embedded and compiles them once.
func (s Settings) GuestPrograms(ctx context.Context) (string, error) {
	if s.GuestDir != "" {
		return s.GuestDir, nil
	}
	s.Programs.mu.Lock()
	defer s.Programs.mu.Unlock()
	if s.Programs.dir != "" {
		return s.Programs.dir, nil
	}
	dir, err := s.findPrograms(ctx)
	if err != nil {
		return "", err
	}
	s.Programs.dir = dir
	return dir, nil
}

// NoProgramsError reports that there are no guest programs.
type NoProgramsError struct{ Err error }

func (e *NoProgramsError) Error() string {
	if errors.Is(e.Err, guestbin.ErrNone) {
		return "this splicelab was built without its guest programs"
	}
	return "compiling the guest programs, which go install leaves out: " + e.Err.Error()
}

func (e *NoProgramsError) Unwrap() error { return e.Err }

func (s Settings) findPrograms(ctx context.Context) (string, error) {
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		dir := filepath.Join(filepath.Dir(self), "guest")
		if _, err := os.Stat(filepath.Join(dir, "agent")); err == nil {
			return dir, nil
		}
	}
	set, err := guestbin.Embedded()
	if err == nil {
		return set.Extract(s.Cache)
	}
	if !errors.Is(err, guestbin.ErrNone) {
		return "", err
	}
	module, version, ok := guestbin.Installed()
	if !ok {
		return "", &NoProgramsError{guestbin.ErrNone}
	}
	dir, err := guestbin.Compile(ctx, s.Cache, module, version, s.Log.Note)
	if err != nil {
		return "", &NoProgramsError{err}
	}
	return dir, nil
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
