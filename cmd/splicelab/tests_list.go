package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/catalogue"
	"github.com/splicelab/splicelab/lab/progress"
)

func (a *app) testsListCommand() *cobra.Command {
	var c chosen
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tests, what each checks, and how many cells it has",
		Long: `list shows the tests by family: the number in the catalogue, the name, whether
the test is an invariant (which fails on what no policy allows) or a
characterisation (which the run's policy judges), its priority (P0 is the
highest), its number of cells per kernel and filesystem, what it checks, and
what it needs: kernel modules, and features without which it skips. The suite
selftest misbehaves on purpose; a run includes it only if -t names it. With
--tests-from and no -t, only those tests are listed.`,
		Example: `  splicelab tests list
  splicelab tests list -t 'splice.*Hole' --priority 0
  splicelab tests list -o json`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			suites, err := a.suites(cmd.Context(), c)
			if err != nil {
				return err
			}
			if document.Wanted() {
				return document.Write(a.Stdout, suites)
			}
			width := catalogue.ListWidth
			if progress.IsTerminal(a.Stdout) {
				width = max(a.TerminalOptions(a.Stdout).Width, 60)
			}
			_, err = a.Stdout.WriteString(catalogue.List(suites, width))
			return err
		},
	}
	cmd.Flags().SortFlags = false
	c.flags(cmd.Flags(), "list")
	document = output.DocumentFlag(cmd, "suites")
	document.JSONFlag(cmd)
	return cmd
}
