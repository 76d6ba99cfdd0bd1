package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsHistoryCommand() *cobra.Command {
	var last int
	var series bool
	var policy string
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "history KERNEL/FILESYSTEM/TEST",
		Short: "Show the verdicts of a cell in the runs that have it",
		Long: `history lists the verdicts of a cell in the newest runs that have it, newest
first, and its failure rate with the 95 % confidence interval. KERNEL is a
release, or a prefix of one that ends where a number ends: 6.12 is the newest of
the series in any run. --series lists the cell on all kernels of the series
instead.`,
		Example: `  splicelab results history 6.12/xfs/splice.TestPunchHoleInPage/large-clean
  splicelab results history 6.12/xfs/splice.TestPunchHoleInPage/large-clean --series --last 50`,
		Args: cli.Arguments(1, 1, "a cell, KERNEL/FILESYSTEM/TEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, ok := query.ParseCell(args[0])
			switch {
			case !ok:
				return usagef("%q is not a cell: write KERNEL/FILESYSTEM/TEST, for example 6.12/xfs/splice.TestWrite/small-clean", args[0])
			case last < 1:
				return usagef("--last %d: at least one run is needed", last)
			}
			var p outcome.Policy
			if policy != "" {
				var err error
				if p, err = outcome.ParsePolicy(policy); err != nil {
					return usagef("--policy: %s", err)
				}
			}
			h, err := query.History(cmd.Context(), a.session(), key, last, series, p)
			if err != nil {
				return err
			}
			return a.Show(document, h, func() error {
				return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error { return query.WriteHistory(w, h, a.AsList(o)) })
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&last, "last", history.Depth, "show at most the `N` newest")
	f.BoolVar(&series, "series", false, "show the cell on all kernels of the series")
	a.WideFlag(cmd)
	policyFlag(cmd, &policy)
	document = output.DocumentFlag(cmd, "history")
	a.expectationsFlag(f)
	return cmd
}
