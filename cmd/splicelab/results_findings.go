package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsFindingsCommand() *cobra.Command {
	var output, reportsDir string
	cmd := &cobra.Command{
		Use:   "findings [RUN]",
		Short: "Write what a run found as a Markdown page, with report files",
		Long: `findings writes a page with the result of each test on each kernel and filesystem
of a run, and lists every invariant that failed. With --reports, each
of these gets a report file in that directory, which "splicelab repro" runs.
docs/findings.md was written by it.` + runHelp,
		Example: `  splicelab run -k newest:20
  splicelab results findings
  splicelab results findings --output docs/findings.md --reports reports`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			info := query.TestInfo(cmd.Context(), a.session())
			return a.withRun(cmd.Context(), cli.First(args), "", func(_ *store.Store, s session.Stored) error {
				return query.WriteFindings(a.stdout, s, info, output, reportsDir)
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&output, "output", "o", "-", "write the page to `FILE`, - is standard output")
	f.StringVar(&reportsDir, "reports", "", "write a report file for each failing invariant to `DIR`")
	return cmd
}
