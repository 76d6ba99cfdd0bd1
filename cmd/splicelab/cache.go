package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

func (a *app) cacheCommand() *cobra.Command {
	return cli.Group("cache", "Show or empty the cache of kernels and images",
		`  splicelab cache list
  splicelab cache clean images`,
		a.cacheListCommand(), a.cacheCleanCommand())
}

func (a *app) cacheListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show what the cache holds and how much room it takes",
		Long: `list shows the parts of the cache with the number of their files and the room
that they take on the disk (images are sparse).`,
		Example: "  splicelab cache list",
		Args:    cli.Arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			parts, err := session.CacheParts(a.cfg.Cache)
			if err != nil {
				return err
			}
			w := text.NewTable(a.stdout)
			fmt.Fprintln(w, "PART\tFILES\tSIZE\tDIRECTORY")
			var files int
			var bytes int64
			for _, part := range parts {
				dir := filepath.Join(a.cfg.Cache, part)
				n, used := session.DiskUsage(dir)
				files, bytes = files+n, bytes+used
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", part, n, progress.Bytes(used), dir)
			}
			fmt.Fprintf(w, "total\t%d\t%s\t%s\n", files, progress.Bytes(bytes), a.cfg.Cache)
			return w.Flush()
		},
	}
}

func (a *app) cacheCleanCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "clean [PART…]",
		Short: "Empty the cache, or some parts of it",
		Long: `clean removes everything from the cache, or the parts that cache list names.
All of it can be fetched or built again. It refuses while another splicelab
uses the cache. Results are kept elsewhere and stay.`,
		Example: `  splicelab cache clean
  splicelab cache clean images`,
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := os.Stat(a.cfg.Cache); errors.Is(err, fs.ErrNotExist) && len(args) == 0 {
				return nil // nothing to clean, and nothing to make for it
			}
			release, err := a.session().ClaimCache()
			if err != nil {
				return err
			}
			defer release()
			parts, err := session.CacheParts(a.cfg.Cache)
			if err != nil {
				return err
			}
			for _, part := range args {
				if !slices.Contains(parts, part) {
					return usagef("the cache has no part %q: it has %s", part, strings.Join(parts, ", "))
				}
			}
			if len(args) > 0 {
				parts = args
			}
			for _, part := range parts {
				dir := filepath.Join(a.cfg.Cache, part)
				_, used := session.DiskUsage(dir)
				if err := os.RemoveAll(dir); err != nil {
					return fmt.Errorf("cleaning the cache: %w", err)
				}
				fmt.Fprintf(a.stdout, "removed %s (%s)\n", dir, progress.Bytes(used))
			}
			return nil
		},
	}
}
