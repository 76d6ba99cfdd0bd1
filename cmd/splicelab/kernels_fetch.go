package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/kernelset"
)

func (a *app) kernelsFetchCommand() *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:   "fetch SELECTORS",
		Short: "Fetch and verify kernels into the cache",
		Long: `fetch downloads the kernels that the selectors match, verifies them against the
archive's keyring, and keeps them in the cache. An interrupted download is
resumed; a kernel that is already there costs nothing.`,
		Example: `  splicelab kernels fetch 6.12
  splicelab kernels fetch 5.10,6.1,newest:3`,
		Args: cli.Arguments(1, 1, "selectors, for example 6.12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return kernelset.Fetch(cmd.Context(), a.session(), a.Stdout, a.Stderr, args[0], refresh)
		},
	}
	a.progressFlag(cmd.Flags())
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the archive for its newest index first")
	return cmd
}
