package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsFlakyCommand() *cobra.Command {
	var last, top int
	var policy string
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "flaky [RUN…]",
		Short: "List the cells whose result differs between several runs",
		Long: `flaky compares the named runs, or the newest ones, cell by cell. A cell whose
verdict or outcome was not the same in all runs and all attempts is listed with
its failure rate, the 95 % confidence interval of the rate, and its results, the
least consistent first. A cell that changed once and for all is marked: that is
a change rather than a flake. Name runs in chronological order.` + runHelp + `

Exit codes: 0 every cell was consistent; 1 some cell was not.`,
		Example: `  splicelab results flaky
  splicelab results flaky --last 5 --top 0
  splicelab results flaky latest~2 latest~1 latest`,
		Args: cli.Arguments(0, cli.Any, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case last < 1:
				return usagef("--last %d: at least one run is needed", last)
			case top < 0:
				return usagef("--top %d: cannot be negative; 0 lists all", top)
			}
			s, err := query.Flaky(cmd.Context(), a.session(), args, last, policy)
			if err != nil {
				return err
			}
			if err := a.Show(document, page.NewFlakyCells(s, top), func() error {
				return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error { return terminal.WriteSteadiness(w, s, top, a.AsList(o)) })
			}); err != nil {
				return err
			}
			_, unsteady := s.Cells()
			return exit.CellsFailed(len(unsteady))
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&last, "last", history.Depth, "compare the `N` newest runs, or as many as there are")
	f.IntVar(&top, "top", 20, "list at most the `N` worst cells; 0: all")
	policyFlag(cmd, &policy)
	a.WideFlag(cmd)
	document = output.DocumentFlag(cmd, "flaky")
	a.expectationsFlag(f)
	return cmd
}
