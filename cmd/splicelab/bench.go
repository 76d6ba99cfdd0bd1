package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/bench"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// benchOptions are the flags that only bench has.
type benchOptions struct {
	guest       session.Guest
	test        string
	repetitions int
	held        int
}

func (a *app) benchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what a cell costs on this machine, beside what it should",
		Long: `bench measures, in one go and side by side: the bare boot of a kernel, which is
the least that a cold cell can take; a cell in a booted VM, in a restored one,
and in one that is shared; how many cells a minute all jobs together make; the
memory of VMs that are there at once, and a template's size; what a plan of
100,000 cells takes; and the same test by virtrun, vng and vimto, where those are
on PATH.

All that takes time is measured in rounds, each thing once a round, so that a
noisy machine hurts all alike. A first round makes images and templates, and does
not count. The report goes to standard output as Markdown, each figure with its
goal and how often it meets it: 1 just does, 2 is twice as good. Nothing goes into
the store of results.

Exit codes: 0 everything was measured, whether or not it meets its goal; 2 bad
usage; 3 the lab failed or was interrupted.`,
		Example: `  splicelab bench > report.md
  splicelab bench -n 3 --held 10
  splicelab bench -k 6.1 -f ext4 -t '^splice\.TestPunchHoleInPage/small-clean$'`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.guest.Kernel, "kernel", "k", "6.12", "boot the `KERNEL` that this selector names")
	f.StringVarP(&o.guest.Filesystem, "filesystem", "f", "xfs", "measure on this filesystem profile: `NAME`")
	f.StringVarP(&o.test, "test", "t", `^splice\.TestWrite/large-clean$`, "measure a cell of the test whose suite.TestName/subtest matches `REGEXP`")
	f.IntVarP(&o.repetitions, "repetitions", "n", 20, "measure everything `N` times")
	f.IntVar(&o.held, "held", 50, "hold `N` restored VMs at once to measure their memory")
	f.IntP("jobs", "j", 0, "run `N` VMs at once for throughput (default: from cores and memory)")
	a.bind(f, "jobs", "run.jobs")
	a.vmFlags(f)
	a.completeSelections(cmd)
	return cmd
}

func (a *app) bench(ctx context.Context, o benchOptions) error {
	if o.repetitions < 1 || o.held < 1 {
		return usagef("-n %d --held %d: both are at least 1", o.repetitions, o.held)
	}
	if o.guest.Filesystem == "" {
		return usagef("say on which filesystem to measure, for example -f xfs")
	}
	if _, err := a.session().Profiles(o.guest.Filesystem); err != nil {
		return err
	}
	suites, err := a.session().GuestSuites(ctx)
	if err != nil {
		return err
	}
	test, sibling, batch, err := bench.Pick(suites, o.test)
	if err != nil {
		return usagef("%s", err)
	}
	release, err := a.session().UseCache()
	if err != nil {
		return err
	}
	defer release()
	downloads, stop := a.downloads()
	kernel, profile, err := a.session().Boot(ctx, o.guest, downloads)
	stop()
	if err != nil {
		return err
	}
	dir, remove, err := bench.Scratch(a.cfg.State)
	if err != nil {
		return fmt.Errorf("a place for what is not to be kept: %w; name another with --state", err)
	}
	defer remove()
	cfg, _, err := a.session().LabConfig(ctx, kernel)
	if err != nil {
		return err
	}
	line := progress.NewLine(a.stderr)
	report, err := bench.Run(ctx, bench.Config{
		Lab: cfg, Kernel: kernel, Profile: *profile, Test: test, Sibling: sibling, Batch: batch,
		Repetitions: o.repetitions, Held: o.held, Dir: dir, Progress: line.Show,
	})
	line.Clear()
	if err != nil {
		return err
	}
	return errors.Join(report.WriteMarkdown(a.stdout), ctx.Err())
}
