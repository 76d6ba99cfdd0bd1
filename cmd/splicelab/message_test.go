package main

import (
	"context"
	"errors"
	"testing"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
)

func TestMessageIsSafeAndNamesTheProgram(t *testing.T) {
	got := new(app).message(context.Background(), errors.New("two\nlines of \x1b[31mred"))
	want := "splicelab: two\nsplicelab: lines of \\x1b[31mred\n"
	if got != want {
		t.Errorf("message = %q, want %q", got, want)
	}
}

func TestNoMessageForWhatIsReported(t *testing.T) {
	for _, err := range []error{nil, exit.CellsFailed(3), exit.ProgramExited(42)} {
		if got := new(app).message(context.Background(), err); got != "" {
			t.Errorf("message(%v) = %q, want none", err, got)
		}
	}
}
