package bench

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// Options select what is measured.
type Options struct {
	Guest       session.Guest // the filesystem must not be empty
	Test        string        // a pattern that matches one cell
	Repetitions int           // at least 1
	Held        int           // likewise
}

// Measure fetches the kernel, measures, and shows the report. log shows the
// progress.
func Measure(ctx context.Context, s session.Settings, log io.Writer, o Options, show func(Report) error) error {
	if _, err := s.Profiles(o.Guest.Filesystem); err != nil {
		return err
	}
	suites, err := s.GuestSuites(ctx)
	if err != nil {
		return err
	}
	test, sibling, batch, err := Pick(suites, o.Test)
	if err != nil {
		return input.Errorf("%s", err)
	}
	release, err := s.UseCache()
	if err != nil {
		return err
	}
	defer release()
	downloads, stop := session.Downloads(log)
	kernel, profile, err := s.Boot(ctx, o.Guest, downloads)
	stop()
	if err != nil {
		return err
	}
	dir, remove, err := scratch(s.State)
	if err != nil {
		return fmt.Errorf("temporary directory: %w", err)
	}
	defer remove()
	cfg, err := s.LabConfig(ctx, kernel)
	if err != nil {
		return err
	}
	line := progress.NewLine(log)
	report, err := Run(ctx, Config{
		Lab: cfg, Kernel: kernel, Profile: *profile, Test: test, Sibling: sibling, Batch: batch,
		Repetitions: o.Repetitions, Held: o.Held, Dir: dir, Progress: line.Show,
	})
	line.Clear()
	if err != nil {
		return err
	}
	return errors.Join(show(report), ctx.Err())
}
