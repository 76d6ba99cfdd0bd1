package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/splicelab/splicelab/cmd/splicelab/remedy"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/internal/sanitize"
)

// The exit codes. A run with both failed cells and a lab failure exits with
// exitLab: a matrix with holes does not prove that the rest passed.
const (
	exitOK     = 0 // success
	exitFailed = 1 // some cell failed: fail, crash, hang or boot-fail
	exitUsage  = 2 // bad usage or bad input
	exitLab    = 3 // the lab itself failed, or was interrupted
)

// badInput is implemented by errors that the user has to correct: bad usage, a
// bad configuration, or a selector or reference that matches nothing.
type badInput interface {
	error
	BadInput()
}

// exitCode maps an error to the process's exit code. An error that is not
// marked as the user's counts as a lab failure.
func exitCode(err error) int {
	var (
		program *programError
		failed  *failedError
		input   badInput
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &program):
		return program.code
	case errors.As(err, &failed):
		return exitFailed
	case errors.As(err, &input):
		return exitUsage
	default:
		return exitLab
	}
}

// message is the text printed on stderr for err: each line once, prefixed with
// the program's name, with a remedy if there is one. It is empty for errors
// that were already reported: a failed cell is in the matrix, a failed program
// has printed its own messages.
func (a *app) message(ctx context.Context, err error) string {
	var (
		program     *programError
		failed      *failedError
		interrupted *cli.InterruptedError
	)
	switch {
	case err == nil, errors.As(err, &program), errors.As(err, &failed):
		return ""
	case errors.As(err, &interrupted),
		errors.As(context.Cause(ctx), &interrupted) && errors.Is(err, context.Canceled):
		return "" // reported when the signal arrived
	}
	var b strings.Builder
	for line := range strings.Lines(remedy.Explain(err, a.cfg)) {
		fmt.Fprintf(&b, "splicelab: %s\n", sanitize.Line(strings.TrimSuffix(line, "\n")))
	}
	return b.String()
}

// usagef reports a command line that cannot be executed as it is written.
func usagef(format string, args ...any) error { return input.Errorf(format, args...) }

// failedError reports that cells failed; the matrix has already named them.
type failedError struct{ cells int }

func (e *failedError) Error() string { return fmt.Sprintf("%d cells failed", e.cells) }

// programError carries the exit code of a program in the guest.
type programError struct{ code int }

func (e *programError) Error() string { return fmt.Sprintf("the program exited with code %d", e.code) }
