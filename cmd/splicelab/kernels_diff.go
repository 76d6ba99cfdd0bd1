package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/kernelset"
)

func (a *app) kernelsDiffCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare the build configurations of two kernels",
		Long: `diff lists the options in which two kernels' configurations differ. An option
that is off or unknown to a kernel is shown as "-". Options that only describe
the compiler are omitted. Kernels that are not cached are fetched first.`,
		Example: `  splicelab kernels diff 6.1 6.12
  splicelab kernels diff 6.12 'file:arch/x86/boot/bzImage?config=.config'`,
		Args: cli.Arguments(2, 2, "two selectors, for example 6.1 6.12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := kernelset.Diff(cmd.Context(), a.session(), a.Stderr, args[0], args[1])
			if err != nil {
				return err
			}
			return a.Show(document, d.Changes, func() error { return d.Write(a.Stdout) })
		},
	}
	a.progressFlag(cmd.Flags())
	document = output.DocumentFlag(cmd, "kernels-diff")
	document.JSONFlag(cmd)
	return cmd
}
