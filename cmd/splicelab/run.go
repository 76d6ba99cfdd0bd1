package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/sched"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) runCommand() *cobra.Command {
	var refresh, resume bool
	var from []string
	defaults := config.Default()
	cmd := &cobra.Command{
		Use:   "run [--resume [RUN]]",
		Short: "Run tests on kernels × filesystems, and show the matrix",
		Long: `run fetches the kernels, boots each with each filesystem, runs the tests, and
prints the matrix of their results. The run is stored: see splicelab results.

By default it runs the quick cells: one or two variants of each of the tests
that distinguish kernels best. Any of -t, --priority and --all replaces that
selection: --priority 0 runs every variant of every test of priority 0, more
than the quick cells. --tests-from runs your own Go tests, programs or C files
instead (docs/tests.md).

Kernels are selected by comma-separated words: 6.12 is the newest of that
series, 6.12.95 that release, 6.12.43..6.12.117 a range, newest:5 the newest of
each of the five newest series, all, file:PATH, or build:NAME.

Each cell has a fresh VM, restored from a template that is kept in the cache.
--isolation vm lets the cells of a kernel and filesystem share a VM, which is
faster: choose it for the whole suite.

--resume continues a run that was interrupted, and retries cells that the lab
failed. RUN is latest, an id, or another name (splicelab help runs); without it,
the newest interrupted run is resumed. --retry-failures N runs each failing cell N more times: one that failed
in 1 of 6 attempts is shown as a failure, flaky 1/6. Failures that
expectations.yaml expects do not fail the run (docs/expectations.md).

Exit codes: 0 all passed; 1 some cell failed, crashed, hung or did not boot; 2
bad usage; 3 the lab failed: cells without a verdict after three retries, a
failed control cell, a kernel that could not be fetched, or an interruption. 3
takes precedence over 1: a matrix with holes does not prove that the rest
passed.`,
		Example: `  splicelab run
  splicelab run -k 6.1,6.12 -f xfs,btrfs -t 'PunchHole|Truncate'
  splicelab run --all --isolation vm
  splicelab run -k newest:3 --policy alias --json out.json --html out.html
  splicelab run --tests-from ./mypkg -k 6.1,6.12 -f xfs
  splicelab run --retry-failures 5
  splicelab run --resume
  splicelab run --resume latest
  splicelab run -k file:/boot/vmlinuz -f ext4 -j 1`,
		Args: cli.ArgumentIf(&resume),
		RunE: func(cmd *cobra.Command, args []string) error {
			if resume {
				return a.resume(cmd.Context(), cmd.Flags(), cli.First(args), from)
			}
			return a.run(cmd.Context(), cmd.Flags(), refresh, from)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringP("kernels", "k", defaults.Run.Kernels, "run on the kernels that these `SELECTORS` name")
	f.StringP("filesystems", "f", defaults.Run.Filesystems, "run on these filesystem profiles: `NAMES`, comma-separated, or all")
	f.StringP("tests", "t", "", "run the tests whose suite.TestName/subtest matches `REGEXP`")
	fromFlag(f, &from)
	f.Int("priority", defaults.Run.Priority, "run all cells of the tests of priority 0, the highest, to `N`; the default adds nothing to the quick cells")
	f.Bool("all", false, "run the whole suite (default: the quick cells)")
	f.String("policy", defaults.Run.Policy, "`POLICY` that decides which outcomes pass: alias or snapshot")
	a.expectationsFlag(f)
	f.String("isolation", defaults.Run.Isolation, "isolate cells by `MODE`: cell (a fresh VM for each) or vm (a VM shared until a cell breaks it)")
	f.Int("retry-failures", 0, "run each failing cell `N` more times, each in a fresh VM")
	f.Bool("no-templates", false, "boot each VM instead of restoring it from a template")
	a.bind(f, "no-templates", "vm.no-templates")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	a.progressFlag(f)
	reportFlags(f, &defaults.Run)
	for name, key := range map[string]string{
		"kernels": "run.kernels", "filesystems": "run.filesystems", "tests": "run.tests", "priority": "run.priority", "all": "run.all",
		"policy": "run.policy", "isolation": "run.isolation", "retry-failures": "run.retry-failures", "jobs": "run.jobs",
		"kcidb-origin": "run.kcidb-origin",
	} {
		a.bind(f, name, key)
	}
	for _, kind := range export.Formats {
		a.bind(f, kind.Name, "run."+kind.Name)
	}
	a.vmFlags(f)
	f.Uint64("seed", 0, "start all pseudo-randomness from `N` (default: random, and printed)")
	a.bind(f, "seed", "run.seed")
	f.BoolVar(&resume, "resume", false, "continue RUN, which may be latest or an id (default: the newest interrupted run)")
	f.BoolVar(&refresh, "refresh", false, "ask the archive for its newest index first")
	return cmd
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

// run rejects all bad input before the first byte is downloaded.
func (a *app) run(ctx context.Context, flags *pflag.FlagSet, refresh bool, from []string) error {
	reports, err := export.NewReports(a.cfg.Run, a.session().GuestSuites, a.stdout)
	if err != nil {
		return err
	}
	settings := a.session()
	expected, err := settings.Expectations()
	if err != nil {
		return err
	}
	tests, err := settings.SelectForRun(ctx, from)
	if err != nil {
		return err
	}
	defer tests.Close()
	s, err := settings.Open(ctx, refresh)
	if err != nil {
		return err
	}
	defer s.Close()
	p := progress.New(a.stderr)
	defer p.Close()
	p.Status("reading the index of the kernel archive")
	entries, err := s.Archive.ResolveRun(ctx, s.Run.Kernels)
	if err != nil {
		return err
	}
	p.Status("preparing the first kernel and the accelerator")
	live := reports.Follow(ctx, s.Results, expected.Apply)
	ran, err := s.RunOn(ctx, tests, entries, followed{p, live}, s.Resumable(from))
	p.Close()
	if ran.Run.ID == "" {
		return err
	}
	return a.conclude(ctx, s.Results, flags, ran.Run.ID, reports, err)
}

// resume continues an interrupted run; ref is empty for the newest.
func (a *app) resume(ctx context.Context, flags *pflag.FlagSet, ref string, from []string) error {
	reports, err := export.NewReports(a.cfg.Run, a.session().GuestSuites, a.stdout)
	if err != nil {
		return err
	}
	settings := a.session()
	expected, err := settings.Expectations()
	if err != nil {
		return err
	}
	r, err := settings.OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // each attempt is already durable
	paused, err := session.FindPaused(ctx, r, ref)
	if err != nil {
		return err
	}
	if err := paused.Contradicts(flagOptions(flags), settings, from); err != nil {
		return err
	}
	if paused.Complete() {
		fmt.Fprintf(a.stderr, "splicelab: nothing remains of run %s\n", paused.ID)
		return a.conclude(ctx, r, flags, paused.ID, reports, paused.Trouble())
	}
	s, err := settings.OpenWith(ctx, false, r)
	if err != nil {
		return err
	}
	defer s.Close()
	p := progress.New(a.stderr)
	defer p.Close()
	p.Status("preparing the first kernel and the accelerator")
	live := reports.Follow(ctx, r, expected.Apply)
	ran, err := s.Resume(ctx, paused, followed{p, live})
	p.Close()
	if !ran {
		return err
	}
	return a.conclude(ctx, r, flags, paused.ID, reports, err)
}

// conclude shows and reports a run, and returns the error that sets the exit
// code. trouble is the run's error.
func (a *app) conclude(ctx context.Context, r *store.Store, flags *pflag.FlagSet, id string, reports export.Reports, trouble error) error {
	out := a.humanOut(reports.OnStdout())
	c, err := a.session().Conclude(ctx, r, id, reports, out, a.matrixOptions(out))
	if err != nil {
		return errors.Join(trouble, err)
	}
	if c.Vectors {
		fmt.Fprintf(out, "policy vectors: splicelab results policy %s\n", c.ID)
	}
	fmt.Fprintf(out, "stored as run %s: splicelab results show %s\n", c.ID, c.ID)
	again := results.ShellCommand(append([]string{"splicelab", "run", "--resume", c.ID}, a.resumeFlags(flags)...))
	switch {
	case c.Interrupted:
		fmt.Fprintf(out, "%d of %d cells have been run; resume with: %s\n", len(c.Cells), c.Planned, again)
	case c.Resumable:
		fmt.Fprintf(out, "retry the cells without a verdict with: %s\n", again)
	}
	switch {
	case trouble != nil:
		return trouble
	case c.Failed > 0:
		return &failedError{c.Failed}
	}
	return nil
}

// flagOptions are the flags of this invocation.
func flagOptions(flags *pflag.FlagSet) (all []session.Option) {
	flags.Visit(func(f *pflag.Flag) { all = append(all, session.Option{Name: f.Name, Value: f.Value.String()}) })
	return all
}

// resumeFlags are the flags of this invocation that are needed again to resume
// the run: directories and reports.
func (a *app) resumeFlags(flags *pflag.FlagSet) (kept []string) {
	ofRun := a.session().Requested(nil)
	for _, o := range flagOptions(flags) {
		if _, skip := ofRun[o.Name]; !skip && o.Name != "resume" && o.Name != "refresh" {
			kept = append(kept, "--"+o.Name+"="+o.Value)
		}
	}
	return kept
}
