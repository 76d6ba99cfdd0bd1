// Package git runs git in the lab's own repositories, isolated from the user's
// git configuration.
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

// Error reports that git failed.
type Error struct {
	Command string // the subcommand, such as "checkout"
	Code    int    // exit status; -1 if it was killed
	Output  string // standard error
}

func (e *Error) Error() string {
	return fmt.Sprintf("git %s: exit status %d: %s", e.Command, e.Code, strings.TrimSpace(e.Output))
}

// settings disable the user's hooks and pagers, and automatic maintenance, in
// the lab's clones.
var settings = []string{"-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false"}

// Run runs git in dir, or in the current directory if dir is "", and returns its
// output. The error is an *Error if git ran and failed, or ctx's cause if that
// stopped it.
func Run(ctx context.Context, dir string, args ...string) (string, error) {
	return Feed(ctx, dir, nil, nil, args...)
}

// Feed is Run with standard input and additional environment variables.
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
		return "", fmt.Errorf("cannot run git: %w; install it (Debian: apt-get install git)", err)
	}
	return stdout.String(), &Error{Command: args[0], Code: exit.ExitCode(), Output: stderr.String()}
}

// environment is the process's without the variables that git sets for hooks,
// which would redirect git to another repository.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_")
	})
	return append(env, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
}
