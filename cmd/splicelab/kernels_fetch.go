package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/kernels"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

func (a *app) kernelsFetchCommand() *cobra.Command {
	var refresh bool
	cmd := &cobra.Command{
		Use:   "fetch SELECTORS",
		Short: "Fetch and verify kernels into the cache",
		Long: `fetch downloads the kernels that the selectors name, verifies them against the
archive's keyring, and keeps them in the cache. An interrupted download is
resumed; a kernel that is there already costs nothing.`,
		Example: `  splicelab kernels fetch 6.12
  splicelab kernels fetch 5.10,6.1,newest:3`,
		Args: cli.Arguments(1, 1, "selectors, for example 6.12"),
		RunE: func(cmd *cobra.Command, args []string) error {
			src, release, err := a.openArchive(refresh)
			if err != nil {
				return err
			}
			defer release()
			entries, err := src.Resolve(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			p := progress.New(a.stderr)
			found, err := kernels.FetchAll(cmd.Context(), entries, session.FetchJobs, p)
			p.Close()
			for _, k := range found {
				fmt.Fprintf(a.stdout, "%s  %s  %s\n", sanitize.Line(k.Release), k.Digest, sanitize.Line(k.Origin))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&refresh, "refresh", false, "ask the archive for its newest index first")
	return cmd
}

// openArchive opens the archive to fetch from it. Until release is called, the
// cache is in use.
func (a *app) openArchive(refresh bool) (src *session.Archive, release func(), err error) {
	release, err = a.session().UseCache()
	if err != nil {
		return nil, nil, err
	}
	store, err := a.session().OpenKernels()
	if err != nil {
		release()
		return nil, nil, err
	}
	return a.session().Archive(store, refresh), release, nil
}
