package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// Guest programs, as `make build` lays them out in the guest directory.
const (
	agentFile   = "agent"
	busyboxFile = "bb"
	suiteSuffix = ".test"
	programFile = "program" // the suite around a program
)

// quietSuite is the suite that misbehaves on purpose. It tests the lab, not
// kernels, so only a pattern that names it brings it into a plan.
const quietSuite = "selftest"

// MissingGuestError says that a guest program was not built.
type MissingGuestError struct {
	Path string
}

func (e *MissingGuestError) Error() string {
	return fmt.Sprintf("guest program %s is missing: run `make build`, or name the directory that holds it with --guest-dir", e.Path)
}

// describeTimeout bounds how long a test binary may take to list its tests.
const describeTimeout = 30 * time.Second

// Suites asks every test binary in guestDir what tests it has, in the order
// of their names, the suite that tests the lab last. A binary that does not use the kit is known by its
// top-level tests alone; nothing is run either way.
func Suites(ctx context.Context, guestDir string) ([]protocol.Suite, error) {
	paths, err := filepath.Glob(filepath.Join(guestDir, "*"+suiteSuffix))
	if err != nil {
		return nil, fmt.Errorf("guest directory %q: %w", guestDir, err)
	}
	if len(paths) == 0 {
		return nil, &MissingGuestError{filepath.Join(guestDir, "*"+suiteSuffix)}
	}
	slices.SortFunc(paths, func(a, b string) int {
		if quiet := isQuiet(a) - isQuiet(b); quiet != 0 {
			return quiet
		}
		return strings.Compare(a, b)
	})
	suites := make([]protocol.Suite, 0, len(paths))
	for _, p := range paths {
		s, err := describe(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("%w; rebuild it with `make build`", err)
		}
		suites = append(suites, s)
	}
	return suites, nil
}

func isQuiet(path string) int {
	if filepath.Base(path) == quietSuite+suiteSuffix {
		return 1
	}
	return 0
}

// AllModules are the kernel modules that the tests of these suites may ask
// for, sorted.
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

func describe(ctx context.Context, path string) (protocol.Suite, error) {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "-test.list=.*")
	cmd.Env = append(os.Environ(), protocol.DescribeEnv+"=1")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return protocol.Suite{}, fmt.Errorf("test binary %s cannot list its tests: %w: %s",
			path, err, strings.TrimSpace(stderr.String()))
	}
	name := strings.TrimSuffix(filepath.Base(path), suiteSuffix)
	if b := bytes.TrimSpace(stdout.Bytes()); len(b) > 0 && b[0] == '{' {
		var s protocol.Suite
		if err := json.Unmarshal(b, &s); err != nil {
			return protocol.Suite{}, fmt.Errorf("test binary %s describes itself unreadably: %w", path, err)
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
