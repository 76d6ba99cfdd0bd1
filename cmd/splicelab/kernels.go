package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
)

func (a *app) kernelsCommand() *cobra.Command {
	return cli.Group("kernels", "List, show, fetch, build and compare kernels",
		`  splicelab kernels list
  splicelab kernels show 6.12
  splicelab kernels fetch newest:5
  splicelab kernels build --name mine --tree ~/linux
  splicelab kernels diff 6.1 6.12`,
		a.kernelsListCommand(), a.kernelsShowCommand(), a.kernelsFetchCommand(), a.kernelsBuildCommand(), a.kernelsDiffCommand())
}
