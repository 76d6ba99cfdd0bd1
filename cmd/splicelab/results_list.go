package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
)

func (a *app) resultsListCommand() *cobra.Command {
	var document *documentFlag
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the stored runs, newest first",
		Example: "  splicelab results list",
		Args:    cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := a.session().OpenResults()
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }() // only read from
			runs, err := store.Runs(cmd.Context())
			if err != nil {
				return err
			}
			marks, err := store.Marks(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(document, query.RunDocuments(runs, marks), func() error { return query.WriteRuns(a.stdout, runs, marks) })
		},
	}
	document = documentFlags(cmd, "runs")
	document.jsonFlag(cmd)
	return cmd
}
