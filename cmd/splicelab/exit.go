package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/format"
)

// The exit codes. When a run has both failed cells and a fault of the lab it
// exits with exitLab: a matrix with holes does not say that the rest passed.
const (
	exitOK     = 0 // everything as it should be
	exitFailed = 1 // some cell failed: fail, crash, hang or boot-fail
	exitUsage  = 2 // bad usage or bad input
	exitLab    = 3 // the lab itself failed, or was interrupted
)

// exitCode maps an error to the process's exit code. Everything that is not
// known to be the user's is the lab's.
func exitCode(err error) int {
	var (
		program  *programError
		failed   *failedError
		usage    *usageError
		settings *config.Error
		selector *kernels.SelectorError
		setting  *debian.SettingError
		noMatch  *lab.NoMatchError
		ownSuite *lab.OwnSuiteError
		noRun    *results.RunError
		noRecipe *lab.NoRecipeError
		changed  *lab.ChangedError
		noKernel *results.KernelError
		expected *expect.Error
		document *format.SyntaxError
		build    *source.Error
		swapped  *bisect.SwappedError
		unsteady *bisect.UnsteadyEndError
		end      *bisect.EndError
		sameEnds *bisect.SameEndsError
		repo     *bisect.RepoError
		ref      *bisect.RefError
		moved    *bisect.MovedError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &program):
		return program.code
	case errors.As(err, &failed):
		return exitFailed
	case errors.As(err, &usage), errors.As(err, &settings), errors.As(err, &selector),
		errors.As(err, &setting), errors.As(err, &noMatch), errors.As(err, &ownSuite), errors.As(err, &noRun),
		errors.As(err, &noRecipe), errors.As(err, &changed), errors.As(err, &noKernel), errors.As(err, &expected), errors.As(err, &document),
		errors.As(err, &build), errors.As(err, &swapped), errors.As(err, &unsteady),
		errors.As(err, &end), errors.As(err, &sameEnds), errors.As(err, &repo), errors.As(err, &ref), errors.As(err, &moved):
		return exitUsage
	default:
		return exitLab
	}
}

// message is what stderr is told about err: each line once, after the
// program's name. It is empty for errors that have been told already: a
// failed cell is in the matrix, a failed program has spoken for itself.
func message(ctx context.Context, err error) string {
	var (
		program     *programError
		failed      *failedError
		interrupted *interruptedError
	)
	switch {
	case err == nil, errors.As(err, &program), errors.As(err, &failed):
		return ""
	case errors.As(err, &interrupted),
		errors.As(context.Cause(ctx), &interrupted) && errors.Is(err, context.Canceled):
		return "" // announced when the signal came
	}
	var b strings.Builder
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(&b, "splicelab: %s\n", sanitize.Line(strings.TrimSuffix(line, "\n")))
	}
	return b.String()
}

// usageError is a command line that asks for something that there is not.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// failedError says that cells failed; the matrix has named them.
type failedError struct{ cells int }

func (e *failedError) Error() string { return fmt.Sprintf("%d cells failed", e.cells) }

// programError carries the exit code of a program in the guest.
type programError struct{ code int }

func (e *programError) Error() string { return fmt.Sprintf("the program exited with code %d", e.code) }

// interruptedError is the cause of a context that a signal ended.
type interruptedError struct{ signal os.Signal }

func (e *interruptedError) Error() string { return "interrupted by " + e.signal.String() }
