package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/selfcheck"
)

func (a *app) testsProveCommand() *cobra.Command {
	var markdown string
	var from []string
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Prove that the tests can fail, by fault injection",
		Long: `prove runs the tests as run does, but corrupts what each of them checks after
the kernel has answered. Every cell must then fail: one that passes anyway is
silent. Nothing is stored in the results store. More: splicelab help proving.

Exit codes: 0 no cell was silent, and each test failed somewhere or was skipped
everywhere; 1 otherwise; 2 bad usage; 3 the lab failed.`,
		Example: `  splicelab tests prove -k 6.12 -f xfs
  splicelab tests prove -k 6.1,6.12 -t 'splice\.TestTCP' --markdown controls.md`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.prove(cmd.Context(), markdown, from) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	defaults := config.Default().Run
	f.StringP("kernels", "k", defaults.Kernels, "prove on the kernels that these `SELECTORS` name")
	f.StringP("filesystems", "f", defaults.Filesystems, "prove on these filesystem profiles: `NAMES`, comma-separated, or all")
	f.StringP("tests", "t", "", "prove the tests whose suite.TestName/subtest matches `REGEXP` (default: all but the self-test's)")
	fromFlag(f, &from)
	a.progressFlag(f)
	f.Int("priority", defaults.Priority, "prove the tests of priority 0, the highest, to `N`")
	f.IntP("jobs", "j", 0, "run `N` VMs at once (default: from cores and memory)")
	for _, name := range []string{"kernels", "filesystems", "tests", "priority", "jobs"} {
		a.bind(f, name, "run."+name)
	}
	f.StringVar(&markdown, "markdown", "", "also write the table as a Markdown page to `FILE`")
	a.vmFlags(f)
	return cmd
}

func (a *app) prove(ctx context.Context, markdown string, from []string) error {
	silent, err := selfcheck.Prove(ctx, a.session(), from, export.File(markdown), a.proveCommand(), a.Stdout, a.Stderr)
	if err != nil {
		return err
	}
	return exit.CellsFailed(silent)
}

// proveCommand is the command line that reproduces this table, without
// machine-specific options.
func (a *app) proveCommand() string {
	line := "splicelab tests prove -k " + a.cfg.Run.Kernels + " -f " + a.cfg.Run.Filesystems
	if a.cfg.Run.Tests != "" {
		line += " -t '" + a.cfg.Run.Tests + "'"
	}
	return line
}
