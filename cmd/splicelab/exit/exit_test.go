package exit

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/input"
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
		err      error
		code     int
		reported bool
	}{
		{nil, OK, false},
		{CellsFailed(0), OK, false},
		{CellsFailed(-1), OK, false},
		{CellsFailed(3), Failed, true},
		{fmt.Errorf("wrapped: %w", CellsFailed(1)), Failed, true},
		{ProgramExited(0), OK, false},
		{ProgramExited(42), 42, true},
		{ProgramExited(Lab), Lab, true}, // the program's own 3
		{input.Errorf("x"), Usage, false},
		{&config.Error{Faults: []string{"x"}}, Usage, false},
		{&kernels.SelectorError{Selector: "x"}, Usage, false},
		{&debian.SettingError{Setting: "x"}, Usage, false},
		{&plan.NoMatchError{Pattern: "x"}, Usage, false},
		{&suite.UserError{From: "x", Why: "y"}, Usage, false},
		{&lab.NoRecipeError{Run: "x", Why: "y"}, Usage, false},
		{&lab.ChangedError{Run: "x", What: []string{"y"}}, Usage, false},
		{&results.RunError{Ref: "x"}, Usage, false},
		{&results.KernelError{Ref: "x"}, Usage, false},
		{&expect.Error{Faults: []string{"x"}}, Usage, false},
		{&source.Error{Name: "x", Reason: "y"}, Usage, false},
		{&bisect.SwappedError{}, Usage, false},
		{&bisect.UnsteadyEndError{}, Usage, false},
		{&bisect.EndError{}, Usage, false},
		{&bisect.SameEndsError{}, Usage, false},
		{&bisect.RepoError{}, Usage, false},
		{&bisect.RefError{}, Usage, false},
		{&bisect.MovedError{}, Usage, false},
		{&bisect.NoChangeError{}, Lab, false}, // a verb that finds none exits with Failed
		{&format.SyntaxError{File: "x", What: "y"}, Usage, false},
		{fmt.Errorf("wrapped: %w", &kernels.SelectorError{Selector: "x"}), Usage, false},
		{&sched.InfraError{Cells: 1, Reason: "x"}, Lab, false},
		{&suite.MissingGuestError{Path: "x"}, Lab, false},
		{&vm.NoQEMUError{Binary: "x", Err: errors.New("x")}, Lab, false},
		{&nightly.IncompleteError{Faults: []string{"x"}}, Lab, false},
		{errors.New("anything else"), Lab, false},
		{context.DeadlineExceeded, Lab, false},
		// A signal was announced when it came.
		{interrupted, Lab, true},
		{fmt.Errorf("wrapped: %w", interrupted), Lab, true},
	} {
		if got := Code(c.err); got != c.code {
			t.Errorf("Code(%v) = %d, want %d", c.err, got, c.code)
		}
		if got := Reported(context.Background(), c.err); got != c.reported {
			t.Errorf("Reported(%v) = %t", c.err, got)
		}
	}
}

func TestCancelledByASignalIsReported(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(&cli.InterruptedError{Signal: syscall.SIGTERM})
	if !Reported(ctx, fmt.Errorf("fetching: %w", context.Canceled)) {
		t.Error("what the signal cancelled is reported again")
	}
	if Reported(ctx, errors.New("disk full")) {
		t.Error("an error that is not the signal's was swallowed")
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if Reported(stopped, context.Canceled) {
		t.Error("a cancellation without a signal was swallowed")
	}
}
