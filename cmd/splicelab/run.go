package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
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
prints the matrix of their results, in which violations come first. The run is
stored: see splicelab results. By default it has the quick cells, which represent
the others; any of -t, --priority and --all replaces them. How kernels and tests
are chosen, retries and --resume: splicelab help selection.

Exit codes: 0 all passed; 1 some cell failed, crashed, hung or did not boot; 2
bad usage; 3 the lab failed, whatever the cells did.`,
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
			asked, err := a.asked(cmd.Flags(), from)
			switch {
			case err != nil:
				return err
			case resume:
				return a.session().Continue(cmd.Context(), asked, cli.First(args), flagOptions(cmd.Flags()))
			}
			return a.session().Perform(cmd.Context(), asked, refresh)
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

// asked is a run, or one that is resumed, with what happens at its end.
func (a *app) asked(flags *pflag.FlagSet, from []string) (session.Asked, error) {
	reports, err := export.NewReports(a.cfg.Run, a.session().GuestSuites, a.Stdout)
	return session.Asked{Log: a.Stderr, From: from, Reports: reports, Conclude: func(ctx context.Context, r *store.Store, id string, trouble error) error {
		out := a.HumanOut(reports.OnStdout())
		c, err := a.session().Conclude(ctx, r, id, reports, out, a.TerminalOptions(out))
		if err != nil {
			return errors.Join(trouble, err)
		}
		c.WriteNext(out, a.session(), flagOptions(flags))
		if trouble != nil {
			return trouble
		}
		return exit.CellsFailed(c.Failed)
	}}, err
}

// flagOptions are the flags of this invocation.
func flagOptions(flags *pflag.FlagSet) (all []session.Option) {
	flags.Visit(func(f *pflag.Flag) { all = append(all, session.Option{Name: f.Name, Value: f.Value.String()}) })
	return all
}
