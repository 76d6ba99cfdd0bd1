// Package build compiles the guest programs from the module's source: the one
// recipe behind go generate, make build, and a splicelab that go install
// built without them.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Programs compiles all guest programs of the module at source, for an
// architecture, into out. The go command decides what is out of date. Programs are static: a guest has no
// libc.
func Programs(ctx context.Context, source, out, goarch string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := shell(ctx, source, filepath.Join(out, "bb"), goarch); err != nil {
		return err
	}
	strip := []string{"-trimpath", "-buildvcs=false", "-ldflags", "-s -w"}
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(out, "agent"), "./images/guest"},
		// The suites: each package of tests/ that has tests to run in a VM.
		{"test", "-c", "-o", out + "/", "./tests/splice", "./tests/selftest"},
		// The suite that wraps a program that is not a Go test.
		{"test", "-c", "-o", filepath.Join(out, "program"), "./tests/program"},
	} {
		flags := 1
		if args[0] == "test" {
			flags = 2
		}
		args = append(append(append([]string{}, args[:flags]...), strip...), args[flags:]...)
		if err := gocmd(ctx, source, []string{"GOOS=linux", "GOARCH=" + goarch}, args...); err != nil {
			return err
		}
	}
	return nil
}

// shell builds u-root's commands for splicelab shell. This takes longer than
// all the rest, so it is done only if its inputs are newer.
func shell(ctx context.Context, source, bb, goarch string) error {
	inputs := []string{"go.mod", "go.sum", "images/commands.go"}
	more, err := filepath.Glob(filepath.Join(source, "images/shellcmds/*.go"))
	if err != nil {
		return err
	}
	for i, input := range inputs {
		inputs[i] = filepath.Join(source, input)
	}
	stale, err := outOfDate(bb, append(inputs, more...))
	if err != nil || !stale {
		return err
	}
	return gocmd(ctx, source, nil, "run", "./images/shellcmds", "-o", bb, "-arch", goarch)
}

// outOfDate reports whether out is missing or older than one of the inputs.
func outOfDate(out string, inputs []string) (bool, error) {
	info, err := os.Stat(out)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	var newest time.Time
	for _, input := range inputs {
		in, err := os.Stat(input)
		if err != nil {
			return false, err
		}
		if in.ModTime().After(newest) {
			newest = in.ModTime()
		}
	}
	return newest.After(info.ModTime()), nil
}

// gocmd runs the go command in the module at source.
func gocmd(ctx context.Context, source string, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = source
	// The caller's workspace or flags must not change what is built.
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
