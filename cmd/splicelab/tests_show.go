package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/catalogue"
)

func (a *app) testsShowCommand() *cobra.Command {
	var document *output.Document
	var from []string
	cmd := &cobra.Command{
		Use:   "show TEST",
		Short: "Show what a test does, how it judges, and known results",
		Long: `show prints everything about a test: its steps, its oracle, what it needs, the
fault injected to prove that it can fail, its cells, and what kernels were
observed to do when it was written. Below that are the newest stored outcomes on
each kernel and filesystem.

A test is named in full (splice.TestPunchHole), by its Go function, or by its
number in the catalogue; a number shared by several tests shows all of them.`,
		Example: `  splicelab tests show B8
  splicelab tests show splice.TestControl
  splicelab tests show TestControl -o json`,
		Args: cli.Arguments(1, 1, "a test: suite.TestName, TestName, or a number of the catalogue"),
		RunE: func(cmd *cobra.Command, args []string) error {
			suites, _, release, err := a.session().Suites(cmd.Context(), from)
			if err != nil {
				return err
			}
			release() // nothing is run
			tests, err := catalogue.Find(suites, args[0])
			if err != nil {
				return err
			}
			if err := catalogue.Observe(cmd.Context(), a.session(), tests); err != nil {
				return err
			}
			return a.Show(document, tests, func() error { return catalogue.Write(a.Stdout, tests, "splicelab run -t") })
		},
	}
	fromFlag(cmd.Flags(), &from)
	document = output.DocumentFlag(cmd, "tests")
	document.JSONFlag(cmd)
	return cmd
}
