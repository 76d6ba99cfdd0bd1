package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsMatrixCommand() *cobra.Command {
	var policy, only string
	var full bool
	var document *documentFlag
	cmd := &cobra.Command{
		Use:   "matrix [RUN]",
		Short: "Show the matrix of a run",
		Long: `matrix shows a run as tests × kernels × filesystems. The outcomes are stored, so
a finished run can be judged by either policy.` + runHelp,
		Example: `  splicelab results matrix
  splicelab results matrix latest~1 --policy alias
  splicelab results matrix --only fail,crash --full`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := a.matrixOptions(a.stdout)
			o.Full = full
			var err error
			if o.Only, err = query.ParseVerdicts(only); err != nil {
				return err
			}
			return a.withRun(cmd.Context(), cli.First(args), policy, func(_ *store.Store, s session.Stored) error {
				if document.wanted() {
					s.Cells = query.RowsWith(s.Cells, o.Only)
				}
				return a.show(document, runDocument(s), func() error { return terminal.WriteMatrix(a.stdout, s.Run, s.Cells, o) })
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&only, "only", "", "only rows in which some cell has one of these `VERDICTS`, comma-separated")
	cmd.Flags().BoolVar(&full, "full", false, "give each subtest its own row, even if all subtests of a test agree")
	policyFlag(cmd, &policy)
	document = documentFlags(cmd, "run")
	a.expectationsFlag(cmd.Flags())
	return cmd
}
