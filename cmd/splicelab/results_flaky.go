package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"splicelab/results"
)

func (a *app) resultsFlakyCommand() *cobra.Command {
	var last int
	cmd := &cobra.Command{
		Use:   "flaky [RUN…]",
		Short: "List the cells that did not come to the same in several runs",
		Long: `flaky compares the named runs, or the newest ones, cell by cell: a cell whose
verdict or outcome was not the same in all of them is listed with how often it
came to what. Cells that only one run has are left out.` + runHelp + `

Exit codes: 0 every cell was steady; 1 some was not.`,
		Example: `  splicelab results flaky --last 20
  splicelab results flaky latest~2 latest~1 latest`,
		Args: arguments(0, maxArguments, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if last < 2 {
					return usagef("--last %d: two runs are needed to compare", last)
				}
				for i := range last {
					args = append(args, fmt.Sprintf("latest~%d", i))
				}
			}
			return a.showFlaky(cmd, args)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVar(&last, "last", 2, "compare the `N` newest runs")
	return cmd
}

func (a *app) showFlaky(cmd *cobra.Command, names []string) error {
	store, err := a.resultStore()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	var runs [][]results.Cell
	for _, name := range names {
		s, err := readRun(cmd.Context(), store, name, "")
		if err != nil {
			return err
		}
		runs = append(runs, s.cells)
	}
	if err := results.WriteSteadiness(a.stdout, runs); err != nil {
		return err
	}
	if _, unsteady := results.Steadiness(runs); len(unsteady) > 0 {
		return &failedError{len(unsteady)}
	}
	return nil
}
