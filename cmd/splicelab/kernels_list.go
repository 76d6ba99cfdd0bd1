package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/kernelset"
)

func (a *app) kernelsListCommand() *cobra.Command {
	var refresh bool
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "list [SELECTORS]",
		Short: "List the kernels that can be run, oldest first",
		Long: `list shows every kernel of the default flavour in the archive, or those that the
selectors match, in version order: @FLAVOUR alone is every kernel of that flavour,
@* of all. Numbers in the column NOTE refer to the notes below the table.
What the archive omits, and why, is reported on standard error.`,
		Example: `  splicelab kernels list
  splicelab kernels list 6.12.43..6.12.117
  splicelab kernels list @arm64-16k
  splicelab kernels list -o json newest:5`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			entries, err := kernelset.List(cmd.Context(), a.session(), strings.Join(args, ""), refresh)
			if err != nil {
				return err
			}
			return a.Show(document, kernelset.Documents(entries), func() error { return kernelset.Write(a.Stdout, entries) })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the archive for its newest index first")
	document = output.DocumentFlag(cmd, "kernels")
	document.JSONFlag(cmd)
	return cmd
}
