package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/kernelset"
)

func (a *app) kernelsShowCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "show SELECTORS",
		Short: "Show where kernels come from, and the files of those that are cached",
		Long: `show prints all that is known about the kernels that the selectors match. Files
and digest are available once a kernel has been fetched; show itself fetches
nothing.`,
		Example: `  splicelab kernels show 6.12
  splicelab kernels show file:/boot/vmlinuz`,
		Args: cli.Arguments(1, 1, "a selector, for example 6.12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := kernelset.DescribeAll(cmd.Context(), a.session(), args[0])
			if err != nil {
				return err
			}
			return a.Show(document, all, func() error { return kernelset.WriteAll(a.Stdout, all) })
		},
	}
	document = output.DocumentFlag(cmd, "kernel-details")
	return cmd
}
