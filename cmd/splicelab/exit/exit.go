// Package exit has the exit codes of the command line, and which error ends in
// which.
package exit

import (
	"context"
	"errors"
	"fmt"

	"github.com/splicelab/splicelab/internal/cli"
)

// The exit codes. A run with both failed cells and a lab failure exits with Lab:
// a matrix with holes does not prove that the rest passed.
const (
	OK     = 0 // success
	Failed = 1 // some cell failed: fail, crash, hang or boot-fail
	Usage  = 2 // bad usage or bad input
	Lab    = 3 // the lab itself failed, or was interrupted
)

// badInput is implemented by errors that the user has to correct: bad usage, a
// bad configuration, or a selector or reference that matches nothing.
type badInput interface {
	error
	BadInput()
}

// Code maps an error to the process's exit code. An error that is not marked as
// the user's counts as a lab failure.
func Code(err error) int {
	var (
		program *programError
		failed  *failedError
		input   badInput
	)
	switch {
	case err == nil:
		return OK
	case errors.As(err, &program):
		return program.code
	case errors.As(err, &failed):
		return Failed
	case errors.As(err, &input):
		return Usage
	default:
		return Lab
	}
}

// Reported reports whether the user already knows of err: a failed cell is in the
// matrix, a failed program has printed its own messages, and an interruption was
// reported when the signal arrived, which is the cause of ctx.
func Reported(ctx context.Context, err error) bool {
	var (
		program     *programError
		failed      *failedError
		interrupted *cli.InterruptedError
	)
	return errors.As(err, &program) || errors.As(err, &failed) || errors.As(err, &interrupted) ||
		errors.As(context.Cause(ctx), &interrupted) && errors.Is(err, context.Canceled)
}

// CellsFailed returns the error of a command that found this many failed cells, or
// other faults that it looks for; nil if there are none. The command has already
// printed them.
func CellsFailed(failed int) error {
	if failed <= 0 {
		return nil
	}
	return &failedError{failed}
}

// ProgramExited returns the error of a program in the guest that ended with this
// exit code, nil if it is 0.
func ProgramExited(code int) error {
	if code == 0 {
		return nil
	}
	return &programError{code}
}

// failedError reports that cells failed.
type failedError struct{ cells int }

func (e *failedError) Error() string { return fmt.Sprintf("%d cells failed", e.cells) }

// programError carries the exit code of a program in the guest.
type programError struct{ code int }

func (e *programError) Error() string { return fmt.Sprintf("the program exited with code %d", e.code) }
