package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/selfcheck"
)

func (a *app) testsCompareCommand() *cobra.Command {
	var names string
	var from []string
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Run tests in shared, restored and booted VMs, and print every difference",
		Long: `compare runs the same tests with one seed in several ways: in shared VMs, each
in a VM restored from a template, each in a booted VM. A cell's result must not
depend on that: every difference in verdict, outcome or skip reason is printed.
Nothing is stored in the results store.

Exit codes: 0 no difference; 1 some; 2 bad usage; 3 the lab failed or was
interrupted, and only the completed ways are shown.`,
		Example: `  splicelab tests compare -k 6.12 -f xfs -t 'PunchHole'
  splicelab tests compare -k 6.12 -f xfs --ways shared,restored`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.compare(cmd.Context(), names, from) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	defaults := config.Default().Run
	f.StringP("kernels", "k", defaults.Kernels, "compare on the kernels that these `SELECTORS` name")
	f.StringP("filesystems", "f", defaults.Filesystems, "compare on these filesystem profiles: `NAMES`, comma-separated, or all")
	f.StringP("tests", "t", "", "compare the tests whose suite.TestName/subtest matches `REGEXP` (default: all but the self-test's)")
	fromFlag(f, &from)
	a.progressFlag(f)
	f.Int("priority", defaults.Priority, "compare the tests of priority 0, the highest, to `N`")
	f.StringVar(&names, "ways", "shared,restored,booted", "compare these `WAYS`, comma-separated; the others are compared with the first")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	for _, name := range []string{"kernels", "filesystems", "tests", "priority", "jobs"} {
		a.bind(f, name, "run."+name)
	}
	a.vmFlags(f)
	f.Uint64("seed", 0, "start all pseudo-randomness from `N` (default: random, and printed)")
	a.bind(f, "seed", "run.seed")
	return cmd
}

func (a *app) compare(ctx context.Context, names string, from []string) error {
	ways, err := selfcheck.ParseWays(names)
	if err != nil {
		return err
	}
	different, err := selfcheck.Compare(ctx, a.session(), from, ways, a.Stdout, a.Stderr, a.TerminalOptions(a.Stdout))
	if err != nil {
		return err
	}
	return exit.CellsFailed(different)
}
