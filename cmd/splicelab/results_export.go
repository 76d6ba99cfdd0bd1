package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
)

func (a *app) resultsExportCommand() *cobra.Command {
	var to config.Run
	var policy string
	cmd := &cobra.Command{
		Use:   "export [RUN]",
		Short: "Write reports of a stored run",
		Long: `export writes the same reports as run, for a stored run. "-" is standard output.
docs/formats.md describes the formats.` + runHelp,
		Example: `  splicelab results export --json - | jq '.cells[].outcome'
  splicelab results export latest~1 --html yesterday.html --junit yesterday.xml`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			to.KCIDBOrigin = a.cfg.Run.KCIDBOrigin
			reports, err := export.NewReports(to, a.session().GuestSuites, a.Stdout)
			if err != nil {
				return err
			}
			if reports.Empty() {
				return usagef("name a report to export: %s with a file, or - for standard output", reportFlagNames())
			}
			return a.withRun(cmd.Context(), cli.First(args), policy, func(store *store.Store, s session.Stored) error {
				reports.Expected = s.Expected
				return reports.Write(cmd.Context(), store, s.Run, s.Cells, a.Stderr)
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	reportFlags(f, &to)
	a.bind(f, "kcidb-origin", "run.kcidb-origin")
	policyFlag(cmd, &policy)
	a.expectationsFlag(cmd.Flags())
	return cmd
}
