package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results/terminal"
)

// listedRuns is how many runs are listed by default: a screen.
const listedRuns = 20

func (a *app) resultsListCommand() *cobra.Command {
	var document *output.Document
	var f query.RunFilter
	var since string
	var limit int
	cmd := &cobra.Command{
		Use:   "list [TEXT]",
		Short: "List the stored runs, newest first",
		Long: `list shows for each run its age and duration, the kernels, filesystems and tests
that it was asked for, and its cells by class, with the change since the last
run of the same selection. TEXT keeps runs that contain it in their id, command,
selection, marks or problem. Runs of bisect, repro, bench and of tests compare
and prove are left out unless --all is given. With -o json all runs are written,
with their seeds, unless -n limits them.`,
		Example: `  splicelab results list
  splicelab results list nightly --since 7d
  splicelab results list -k 6.12 -f xfs -n 0`,
		Args: cli.Arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			now := time.Now()
			f.Text = cli.First(args)
			if limit < 0 {
				return usagef("-n %d: cannot be negative; 0 lists all", limit)
			}
			if since != "" {
				var err error
				if f.Since, err = query.ParseSince(since, now); err != nil {
					return usagef("--since: %s", err)
				}
			}
			if document.Wanted() {
				f.Steps = true
				if !cmd.Flags().Changed("limit") {
					limit = 0
				}
			}
			store, err := a.session().OpenResults()
			if err != nil {
				return err
			}
			defer func() { _ = store.Close() }() // each write is durable
			list, err := query.ListRuns(cmd.Context(), store, f, limit)
			if err != nil {
				return err
			}
			return a.Show(document, list.Documents(), func() error {
				return a.Draw(cmd.Context(), func(w io.Writer, o terminal.Options) error { return list.Write(w, o.Width, now) })
			})
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.Kernel, "kernel", "k", "", "only runs on this `KERNEL`: a release or version, or the start of one")
	flags.StringVarP(&f.Filesystem, "filesystem", "f", "", "only runs on this filesystem profile: `NAME`")
	flags.StringVarP(&f.Tests, "tests", "t", "", "only runs whose selection of tests contains `TEXT`")
	flags.StringVar(&since, "since", "", "only runs since `WHEN`: a date, or an age such as 7d or 36h")
	flags.IntVarP(&limit, "limit", "n", listedRuns, "list at most the `N` newest; 0: all")
	flags.BoolVar(&f.Steps, "all", false, "also list runs of bisect, repro, bench and tests compare and prove")
	document = output.DocumentFlag(cmd, "runs")
	document.JSONFlag(cmd)
	return cmd
}
