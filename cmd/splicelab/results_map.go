package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/terminal"
)

func (a *app) resultsMapCommand() *cobra.Command {
	var filter query.Filter
	var policy string
	var changed bool
	var rows, number int
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "map [RUN…]",
		Short: "Show the outcome of each test on each kernel, and where it changes",
		Long: `map shows a row for each test and filesystem and a column for each kernel, oldest
first, with a letter for the outcome. Rows that change come first; subtests and
filesystems that are alike share a row. The changes of these rows are listed
below. Of a cell that several runs have, the first named run is used.` + runHelp,
		Example: `  splicelab results map
  splicelab results map latest latest~1 -f xfs --changed
  splicelab results map -t PunchHole --rows 0`,
		Args: cli.Arguments(0, cli.Any, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			pick, err := filter.Compile()
			switch {
			case err != nil:
				return err
			case rows < 0:
				return usagef("--rows %d: cannot be negative; 0 shows all", rows)
			case number < 1:
				return usagef("--page %d: the first is 1", number)
			}
			if !cmd.Flags().Changed("rows") {
				rows = a.MapRows()
			}
			m, from, err := query.KernelMap(cmd.Context(), a.session(), args, policy, pick)
			if err != nil {
				return err
			}
			if changed {
				m.Rows = slices.DeleteFunc(m.Rows, func(r history.MapRow) bool { return len(r.Changes) == 0 })
			}
			if document.Wanted() {
				return document.Write(a.Stdout, page.NewMap(m, from, false))
			}
			again := append([]string{"splicelab", "results", "map"}, args...)
			for _, f := range flagOptions(cmd.Flags()) {
				if f.Name != "page" {
					again = append(again, "--"+f.Name+"="+f.Value)
				}
			}
			return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error {
				o.Rows, o.Page = rows, number
				return terminal.WriteKernelMap(w, m, results.ShellCommand(again), o)
			})
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&filter.Kernel, "kernel", "k", "", "only kernels whose release starts with `RELEASE`; 6.12@arm64-16k: and of that flavour")
	f.StringVarP(&filter.Filesystem, "filesystem", "f", "", "only this filesystem profile: `NAME`")
	f.StringVarP(&filter.Tests, "tests", "t", "", "only tests whose name matches `REGEXP`")
	f.BoolVar(&changed, "changed", false, "only rows that change from one kernel to another")
	f.IntVar(&rows, "rows", 0, "show `N` rows; 0: all (default: 40 on a terminal, else all)")
	f.IntVar(&number, "page", 1, "show the `N`-th page of so many rows")
	a.WideFlag(cmd)
	document = output.DocumentFlag(cmd, "map")
	policyFlag(cmd, &policy)
	a.expectationsFlag(f)
	return cmd
}
