package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
)

func (a *app) resultsPruneCommand() *cobra.Command {
	var olderThan string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "prune --older-than AGE",
		Short: "Remove old runs from the store",
		Long: `prune removes the runs that started longer ago than AGE, with all their results,
and frees their disk space. Runs with a mark, such as the baseline, and runs
still in progress are kept. Report files are not touched.`,
		Example: `  splicelab results prune --older-than 30d --dry-run
  splicelab results prune --older-than 30d`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if olderThan == "" {
				return usagef("name the age of runs to remove, for example --older-than 30d")
			}
			age, err := query.ParseAge(olderThan)
			if err != nil {
				return usagef("--older-than: %s", err)
			}
			return query.Prune(cmd.Context(), a.session(), a.Stdout, a.Stderr, time.Now().Add(-age), dryRun)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&olderThan, "older-than", "", "remove runs that started longer ago than `AGE`: days such as 30d, or a duration such as 36h")
	f.BoolVar(&dryRun, "dry-run", false, "only print what would be removed")
	return cmd
}
