package session

import (
	"context"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// Asked is how a run was asked for, and what happens at its end.
type Asked struct {
	Log     io.Writer // for progress
	From    []string  // user suites
	Reports export.Reports
	// Conclude shows and reports what was run. trouble is the run's error.
	Conclude func(ctx context.Context, r *store.Store, id string, trouble error) error
}

// followed is a run that is shown, and reported while it goes on.
type followed struct {
	*progress.Progress
	live *export.Live
}

// Event implements lab.Observer.
func (f followed) Event(e sched.Event) {
	f.Progress.Event(e)
	f.live.Event(e)
}

// Perform executes a run. It rejects all bad input before the first byte is
// downloaded. refresh asks the archive for its newest index.
func (s Settings) Perform(ctx context.Context, asked Asked, refresh bool) error {
	expected, err := s.Expectations()
	if err != nil {
		return err
	}
	tests, err := s.SelectForRun(ctx, asked.From)
	if err != nil {
		return err
	}
	defer tests.Close()
	open, err := s.Open(ctx, refresh)
	if err != nil {
		return err
	}
	defer open.Close()
	p := progress.New(asked.Log)
	defer p.Close()
	p.Status("reading the index of the kernel archive")
	entries, err := open.Archive.ResolveRun(ctx, s.Run.Kernels)
	if err != nil {
		return err
	}
	p.Status("preparing the first kernel and the accelerator")
	live := asked.Reports.Follow(ctx, open.Results, expected.Apply)
	ran, err := open.RunOn(ctx, tests, entries, followed{p, live}, s.Resumable(asked.From))
	p.Close()
	if ran.Run.ID == "" {
		return err
	}
	return asked.Conclude(ctx, open.Results, ran.Run.ID, err)
}

// Continue resumes an interrupted run; ref is empty for the newest. given are the
// options of this invocation, which must not contradict the run's.
func (s Settings) Continue(ctx context.Context, asked Asked, ref string, given []Option) error {
	expected, err := s.Expectations()
	if err != nil {
		return err
	}
	r, err := s.OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // each attempt is already durable
	paused, err := FindPaused(ctx, r, ref)
	if err != nil {
		return err
	}
	if err := paused.Contradicts(given, s, asked.From); err != nil {
		return err
	}
	if paused.Complete() {
		fmt.Fprintf(asked.Log, "splicelab: nothing remains of run %s\n", paused.ID)
		return asked.Conclude(ctx, r, paused.ID, paused.Trouble())
	}
	open, err := s.OpenWith(ctx, false, r)
	if err != nil {
		return err
	}
	defer open.Close()
	p := progress.New(asked.Log)
	defer p.Close()
	p.Status("preparing the first kernel and the accelerator")
	live := asked.Reports.Follow(ctx, r, expected.Apply)
	ran, err := open.Resume(ctx, paused, followed{p, live})
	p.Close()
	if !ran {
		return err
	}
	return asked.Conclude(ctx, r, paused.ID, err)
}

// WriteNext writes where a run is stored, and the commands that show more of it,
// resume it or retry its cells. given are the options of this invocation.
func (c Conclusion) WriteNext(out io.Writer, s Settings, given []Option) {
	if c.Vectors {
		fmt.Fprintf(out, "policy vectors: splicelab results policy %s\n", c.ID)
	}
	fmt.Fprintf(out, "stored as run %s: splicelab results show %s\n", c.ID, c.ID)
	again := results.ShellCommand(append([]string{"splicelab", "run", "--resume", c.ID}, s.kept(given)...))
	switch {
	case c.Interrupted:
		fmt.Fprintf(out, "%d of %d cells have been run; resume with: %s\n", len(c.Cells), c.Planned, again)
	case c.Resumable:
		fmt.Fprintf(out, "retry the cells without a verdict with: %s\n", again)
	}
}

// kept are the options that are needed again to resume a run: directories and
// reports.
func (s Settings) kept(given []Option) (kept []string) {
	ofRun := s.Requested(nil)
	for _, o := range given {
		if _, skip := ofRun[o.Name]; !skip && o.Name != "resume" && o.Name != "refresh" {
			kept = append(kept, "--"+o.Name+"="+o.Value)
		}
	}
	return kept
}
