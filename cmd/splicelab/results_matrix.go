package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results/store"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsMatrixCommand() *cobra.Command {
	var policy, only string
	var full bool
	var top int
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "matrix [RUN]",
		Short: "Show the violations and the matrix of a run",
		Long: `matrix shows what every policy forbids, and a run as tests × kernels ×
filesystems. Where the kernels do not fit side by side, rows that are the same on
every filesystem are listed below. The outcomes are stored, so a finished run can
be judged by either policy.` + runHelp,
		Example: `  splicelab results matrix
  splicelab results matrix latest~1 --policy snapshot
  splicelab results matrix --only violation,infra --full`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			classes, verdicts, err := query.ParseOnly(only)
			switch {
			case err != nil:
				return err
			case top < 0:
				return usagef("--top %d: cannot be negative; 0 lists all", top)
			}
			return a.withRun(cmd.Context(), cli.First(args), policy, func(_ *store.Store, s session.Stored) error {
				if document.Wanted() {
					s.Cells = query.RowsWith(s.Cells, classes, verdicts)
				}
				return a.Show(document, runDocument(s), func() error {
					return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error {
						o.Full, o.OnlyClass, o.Only, o.Top = full, classes, verdicts, top
						if top == 0 {
							o.Top = -1
						}
						return terminal.WriteMatrix(w, s.Run, s.Cells, o)
					})
				})
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&only, "only", "", "only rows in which some cell has one of these `VERDICTS` or classes (deviates, violation), comma-separated")
	cmd.Flags().BoolVar(&full, "full", false, "give each subtest its own row, even if all subtests of a test agree, and each test that is the same everywhere")
	cmd.Flags().IntVar(&top, "top", 10, "list at most the `N` most frequent violations; 0: all")
	a.WideFlag(cmd)
	policyFlag(cmd, &policy)
	document = output.DocumentFlag(cmd, "run")
	a.expectationsFlag(cmd.Flags())
	return cmd
}
