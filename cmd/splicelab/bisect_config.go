package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/bisect/drive"
)

func (a *app) bisectConfigCommand() *cobra.Command {
	var q drive.ConfigQuery
	var to answerFlags
	cmd := &cobra.Command{
		Use:   "config -t TEST -f FILESYSTEM --tree SOURCE --good-config CONFIG --bad-config CONFIG",
		Short: "Find the configuration options that change the outcome of a cell",
		Long: `config builds one source with mixtures of two configurations, tests them, and
names a minimal set of options: with these as in --bad-config, and all others as
in --good-config, the cell shows the bad outcome, and without any one of them it
does not. The same command resumes a search. How configurations are written:
splicelab help bisection, splicelab help building.

Exit codes: 0 found and verified; 1 there is no change; 2 bad usage, or the ends
are untestable, swapped, equal or flaky; 3 the lab failed.`,
		Example: `  splicelab bisect config -t 'TestWrite/small-clean' -f ext4 --tree ~/linux --good-config lab --bad-config kernel:6.12
  splicelab bisect config -t 'TestReclaim' -f xfs --tree ~/linux --ref v6.12 --good-config lab --bad-config lab,debug-vm,mine.config`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, value := range map[string]string{"--tree": q.Build.Tree, "--good-config": q.Good, "--bad-config": q.Bad} {
				if value == "" {
					return usagef("%s is missing: name the source with --tree and both configurations with --good-config and --bad-config", flag)
				}
			}
			if err := q.Check(); err != nil {
				return err
			}
			if err := needsCell(cmd); err != nil {
				return err
			}
			show, failed := a.showAnswer(to)
			if err := drive.Config(cmd.Context(), a.session(), q, a.Stderr, show); err != nil {
				return err
			}
			return failed()
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&q.Build.Tree, "tree", "", "build `SOURCE`: a directory, a tarball, or a git repository (required)")
	f.StringVar(&q.Build.Ref, "ref", "", "build this `COMMIT`, branch or tag of the repository")
	f.StringVar(&q.Good, "good-config", "", "good `CONFIG` (required)")
	f.StringVar(&q.Bad, "bad-config", "", "bad `CONFIG` (required)")
	a.searchFlags(cmd, &q.Query, &to, "bisect-config")
	buildFlags(f, &q.Build)
	// Each end has its own base.
	f.Lookup("base").Hidden = true
	f.IntVar(&q.Jobs, "build-jobs", 0, "compile `N` files at once (default: the number of CPUs)")
	return cmd
}
