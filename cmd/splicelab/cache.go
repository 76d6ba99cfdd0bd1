package main

import (
	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
)

func (a *app) cacheCommand() *cobra.Command {
	return cli.Group("cache", "Show or empty the cache of kernels and images",
		`  splicelab cache list
  splicelab cache clean images`,
		a.cacheListCommand(), a.cacheCleanCommand())
}

func (a *app) cacheListCommand() *cobra.Command {
	var document *output.Document
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the contents of the cache and the space they use",
		Long: `list shows the parts of the cache with their number of files and their disk
usage (images are sparse).`,
		Example: "  splicelab cache list",
		Args:    cli.Arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			use, err := a.session().CacheUse()
			if err != nil {
				return err
			}
			return a.Show(document, use, func() error { return use.Write(a.Stdout) })
		},
	}
	document = output.DocumentFlag(cmd, "cache")
	return cmd
}

func (a *app) cacheCleanCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clean [PART…]",
		Short: "Empty the cache, or some parts of it",
		Long: `clean removes everything from the cache, or the given parts as named by cache
list. All of it can be fetched or built again. It refuses while another
splicelab uses the cache. Results are stored elsewhere and are not affected.`,
		Example: `  splicelab cache clean
  splicelab cache clean images`,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.session().CleanCache(a.Stdout, args)
		},
	}
}
