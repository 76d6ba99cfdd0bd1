// Package git runs git in repositories of the lab's own, untouched by what its
// user has set for his.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Error says that git failed.
type Error struct {
	Command string // its first word, such as "checkout"
	Code    int    // what it exited with; -1 where it did not
	Output  string // what it wrote to standard error
}

func (e *Error) Error() string {
	return fmt.Sprintf("git %s: exit status %d: %s", e.Command, e.Code, strings.TrimSpace(e.Output))
}

// settings keep a user's hooks, pagers and housekeeping out of the lab's
// clones.
var settings = []string{"-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false"}

// Run runs git in dir, or where the process is for "", and returns what it
// wrote. The error is an *Error where git ran and failed, and ctx's cause
// where that ended it.
func Run(ctx context.Context, dir string, args ...string) (string, error) {
	return Feed(ctx, dir, nil, nil, args...)
}

// Feed is Run with something to read and more of an environment.
func Feed(ctx context.Context, dir string, input []byte, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append(slices.Clone(settings), args...)...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(input)
	cmd.Env = append(environment(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case err == nil:
		return stdout.String(), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return "", fmt.Errorf("git cannot be run: %w; install it (Debian: apt-get install git)", err)
	}
	return stdout.String(), &Error{Command: args[0], Code: exit.ExitCode(), Output: stderr.String()}
}

// environment is the process's without what a git that runs a hook sets, which
// would lead to its own repository.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_")
	})
	return append(env, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
}
