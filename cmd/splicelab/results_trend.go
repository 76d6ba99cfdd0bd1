package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsTrendCommand() *cobra.Command {
	var last int
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "trend [RUN]",
		Short: "Show how violations and deviations developed over several runs",
		Long: `trend counts the violations and deviations of the last runs up to RUN that tested
the same: the same filesystems and the same choice of tests. Without RUN these are
nightly runs, if there are two of them, else those up to the newest run. New and
fixed are violations in cells on which both a run and the one before it have a
verdict; a point release is compared with the one that it replaces.` + runHelp,
		Example: `  splicelab results trend
  splicelab results trend --last 30 -o json`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if last < 1 {
				return usagef("--last %d: at least one run is needed", last)
			}
			t, err := query.NewTrend(cmd.Context(), a.session(), cli.First(args), last)
			if err != nil {
				return err
			}
			return a.Show(document, t, func() error {
				return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error {
					return terminal.WriteTrend(w, t.Selected(), t.Runs, o)
				})
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&last, "last", 14, "show at most the `N` newest")
	document = output.DocumentFlag(cmd, "trend")
	return cmd
}
