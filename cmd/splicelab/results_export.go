package main

import (
	"github.com/spf13/cobra"

	"splicelab/cmd/splicelab/config"
	"splicelab/results"
)

func (a *app) resultsExportCommand() *cobra.Command {
	var to config.Run
	var policy string
	cmd := &cobra.Command{
		Use:   "export [RUN]",
		Short: "Write reports of a stored run",
		Long: `export writes the reports that run writes, for a run that is stored. "-" is
standard output.` + runHelp,
		Example: `  splicelab results export --json - | jq '.cells[].outcome'
  splicelab results export latest~1 --html yesterday.html --junit yesterday.xml`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			reports, err := a.newReports(to)
			if err != nil {
				return err
			}
			if len(reports.list) == 0 {
				return usagef("say what to export: --json, --junit, --ktap or --html with a file, or - for standard output")
			}
			return a.withRun(cmd.Context(), first(args), policy, func(store *results.Store, s stored) error {
				return reports.write(cmd.Context(), store, s.Run, s.cells, a.stderr)
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&to.JSON, "json", "", "write the cells as JSON to `FILE`")
	f.StringVar(&to.JUnit, "junit", "", "write a JUnit XML report to `FILE`")
	f.StringVar(&to.KTAP, "ktap", "", "write a KTAP report to `FILE`")
	f.StringVar(&to.HTML, "html", "", "write a single-page HTML report to `FILE`")
	policyFlag(cmd, &policy)
	return cmd
}
