// Package suite knows the test suites that run in the guest: the built-in ones,
// which `make build` compiles, and user suites, which are Go packages, test
// binaries, C files or programs.
//
// Read suite.go (which suites there are and what tests they have), user.go (user
// suites), compile.go (how they are compiled) and files.go (which of their files
// are in the guest, and their digests).
package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/confine"
	"github.com/splicelab/splicelab/internal/headtail"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

const (
	binarySuffix = ".test"
	// wrapperFile is the suite that runs a program other than a Go test.
	wrapperFile = "program"
	// selftest misbehaves on purpose; it comes last.
	selftest = "selftest"
)

// MissingGuestError reports a guest program that was not built.
type MissingGuestError struct {
	Path string
}

func (e *MissingGuestError) Error() string {
	return fmt.Sprintf("guest program %s is missing", e.Path)
}

// describeTimeout bounds how long a test binary may take to list its tests.
const describeTimeout = 30 * time.Second

// List asks every test binary in guestDir for its tests. Suites are sorted by
// name, the lab's self-test last. For a binary that does not use the kit, only
// the top-level tests are known. No test is run either way.
func List(ctx context.Context, guestDir string) ([]protocol.Suite, error) {
	paths, err := filepath.Glob(filepath.Join(guestDir, "*"+binarySuffix))
	if err != nil {
		return nil, fmt.Errorf("guest directory %q: %w", guestDir, err)
	}
	if len(paths) == 0 {
		return nil, &MissingGuestError{filepath.Join(guestDir, "*"+binarySuffix)}
	}
	slices.SortFunc(paths, func(a, b string) int {
		if c := isSelftest(a) - isSelftest(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	suites := make([]protocol.Suite, 0, len(paths))
	for _, p := range paths {
		s, err := describe(ctx, p)
		if err != nil {
			return nil, err
		}
		suites = append(suites, s)
	}
	return suites, nil
}

func isSelftest(path string) int {
	if filepath.Base(path) == selftest+binarySuffix {
		return 1
	}
	return 0
}

// AllModules are the kernel modules that tests of these suites may request,
// sorted.
func AllModules(suites []protocol.Suite) []string {
	var all []string
	for _, s := range suites {
		for _, t := range s.Tests {
			all = append(all, t.Modules...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// maxDescription bounds the description of a suite, in bytes: that of the splice
// suite has 105 KB.
const maxDescription = 32 << 20

// atMost is a writer that fails after some bytes.
type atMost struct {
	w    io.Writer
	left int
}

func (a *atMost) Write(b []byte) (int, error) {
	if len(b) > a.left {
		return 0, errors.New("it prints too much")
	}
	a.left -= len(b)
	return a.w.Write(b)
}

// describe asks a test binary for its suite.
func describe(ctx context.Context, path string) (protocol.Suite, error) {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	var stdout bytes.Buffer
	stderr := headtail.New(maxCompilerOutput)
	cmd := exec.CommandContext(ctx, path, "-test.list=.*")
	cmd.Env = append(os.Environ(), protocol.DescribeEnv+"=1")
	cmd.Stdout, cmd.Stderr = &atMost{&stdout, maxDescription}, stderr
	// The tests are for the guest, but this and their package's initialisation
	// run on the host.
	policy := confine.Policy{Execute: append(slices.Clone(confine.System), path), Limits: confine.Limits{CPU: describeTimeout}}
	if err := policy.Run(ctx, cmd); err != nil {
		return protocol.Suite{}, fmt.Errorf("test binary %s cannot list its tests: %w: %s",
			path, err, strings.TrimSpace(stderr.String()))
	}
	name := strings.TrimSuffix(filepath.Base(path), binarySuffix)
	if b := bytes.TrimSpace(stdout.Bytes()); len(b) > 0 && b[0] == '{' {
		var s protocol.Suite
		if err := json.Unmarshal(b, &s); err != nil {
			return protocol.Suite{}, fmt.Errorf("test binary %s prints an unreadable description: %w", path, err)
		}
		s.Name = name
		return s, nil
	}
	s := protocol.Suite{Name: name}
	for line := range strings.Lines(stdout.String()) {
		if t := strings.TrimSpace(line); strings.HasPrefix(t, "Test") {
			s.Tests = append(s.Tests, protocol.Test{Name: t, Kind: string(outcome.Invariant), Plain: true})
		}
	}
	return s, nil
}
