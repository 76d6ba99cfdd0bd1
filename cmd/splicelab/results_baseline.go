package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results"
)

func (a *app) resultsBaselineCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "baseline [RUN]",
		Short: "Set the run that others are compared with, or show it",
		Long: `baseline makes RUN the baseline, replacing the previous one. @baseline then
refers to it wherever a run can be named, and it is never pruned. Without RUN it
shows the id of the baseline.` + runHelp,
		Example: `  splicelab results baseline latest
  splicelab results baseline
  splicelab results diff @baseline`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.session().OpenResults()
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }() // setting the mark was already durable
			if len(args) == 0 {
				run, err := store.Run(cmd.Context(), "@"+results.Baseline)
				if err != nil {
					return err
				}
				return a.Show(document, query.Baseline{Run: run.ID}, func() error {
					_, err := fmt.Fprintln(a.Stdout, run.ID)
					return err
				})
			}
			run, err := store.Run(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := store.Mark(cmd.Context(), results.Baseline, run.ID); err != nil {
				return err
			}
			return a.Show(document, query.Baseline{Run: run.ID}, func() error {
				_, err := fmt.Fprintf(a.Stdout, "%s is the baseline\n", run.ID)
				return err
			})
		},
	}
	document = output.DocumentFlag(cmd, "baseline")
	return cmd
}
