package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/kernels/debian"
	"github.com/splicelab/splicelab/kernels/source"
	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/bisect"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/nightly"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/format"
)

func TestExitCodes(t *testing.T) {
	interrupted := &cli.InterruptedError{Signal: syscall.SIGINT}
	for _, c := range []struct {
		err  error
		code int
		told bool
	}{
		{nil, exitOK, false},
		{&failedError{3}, exitFailed, false},
		{&programError{42}, 42, false},
		{usagef("x"), exitUsage, true},
		{&config.Error{Faults: []string{"x"}}, exitUsage, true},
		{&kernels.SelectorError{Selector: "x"}, exitUsage, true},
		{&debian.SettingError{Setting: "x"}, exitUsage, true},
		{&plan.NoMatchError{Pattern: "x"}, exitUsage, true},
		{&suite.UserError{From: "x", Why: "y"}, exitUsage, true},
		{&lab.NoRecipeError{Run: "x", Why: "y"}, exitUsage, true},
		{&lab.ChangedError{Run: "x", What: []string{"y"}}, exitUsage, true},
		{&results.RunError{Ref: "x"}, exitUsage, true},
		{&results.KernelError{Ref: "x"}, exitUsage, true},
		{&expect.Error{Faults: []string{"x"}}, exitUsage, true},
		{&source.Error{Name: "x", Reason: "y"}, exitUsage, true},
		{&bisect.SwappedError{}, exitUsage, true},
		{&bisect.UnsteadyEndError{}, exitUsage, true},
		{&bisect.EndError{}, exitUsage, true},
		{&bisect.SameEndsError{}, exitUsage, true},
		{&bisect.RepoError{}, exitUsage, true},
		{&bisect.RefError{}, exitUsage, true},
		{&bisect.MovedError{}, exitUsage, true},
		{&bisect.NoChangeError{}, exitLab, true}, // a verb that finds none exits with exitFailed
		{&format.SyntaxError{File: "x", What: "y"}, exitUsage, true},
		{fmt.Errorf("wrapped: %w", &kernels.SelectorError{Selector: "x"}), exitUsage, true},
		{&sched.InfraError{Cells: 1, Reason: "x"}, exitLab, true},
		{&suite.MissingGuestError{Path: "x"}, exitLab, true},
		{&vm.NoQEMUError{Binary: "x", Err: errors.New("x")}, exitLab, true},
		{&nightly.IncompleteError{Faults: []string{"x"}}, exitLab, true},
		{errors.New("anything else"), exitLab, true},
		{context.DeadlineExceeded, exitLab, true},
		// A signal was announced when it came.
		{interrupted, exitLab, false},
		{fmt.Errorf("wrapped: %w", interrupted), exitLab, false},
	} {
		if got := exitCode(c.err); got != c.code {
			t.Errorf("exitCode(%v) = %d, want %d", c.err, got, c.code)
		}
		if got := new(app).message(context.Background(), c.err); (got != "") != c.told {
			t.Errorf("new(app).message(%v) = %q, want one: %t", c.err, got, c.told)
		}
	}
}

func TestMessageIsSafeAndNamesTheProgram(t *testing.T) {
	got := new(app).message(context.Background(), errors.New("two\nlines of \x1b[31mred"))
	want := "splicelab: two\nsplicelab: lines of \\x1b[31mred\n"
	if got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
}

func TestCancelledByASignalIsNotAnError(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(&cli.InterruptedError{Signal: syscall.SIGTERM})
	if got := new(app).message(ctx, fmt.Errorf("fetching: %w", context.Canceled)); got != "" {
		t.Errorf("message = %q, want none", got)
	}
	if got := new(app).message(ctx, errors.New("disk full")); got == "" {
		t.Error("an error that is not the signal's was swallowed")
	}
}
