package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/export"
	"github.com/splicelab/splicelab/lab/query"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/page"
	"github.com/splicelab/splicelab/results/terminal"
)

// diffOptions are the user's options for a comparison.
type diffOptions struct {
	policy string
	json   string // file
	output *output.Document
	depth  int // runs of history
}

func (a *app) resultsDiffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff [OLD [NEW]]",
		Short: "Compare two runs, or two kernels",
		Long: `diff shows what changed from OLD to NEW: new failures, fixes, other outcomes, and
the conditions that could explain it. NEW defaults to the latest run, OLD to the
one before it. Both can be kernels: kernel:6.12, or kernel:6.12@arm64-16k for a
flavour. A failure that its history explains is listed as flaky. More: splicelab
help comparing.` + runHelp + `

Exit codes: 1 if there is a new failure, 2 if OLD and NEW have no cell in common,
else 0.`,
		Example: `  splicelab results diff
  splicelab results diff @baseline
  splicelab results diff 2026-01-01 latest --policy alias
  splicelab results diff kernel:6.12.95 kernel:6.12.117
  splicelab results diff latest/kernel:6.1 latest/kernel:6.12 --json -`,
		Args: cli.Arguments(0, 2, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			before, after := "latest~1", "latest"
			switch len(args) {
			case 2:
				after = args[1]
				fallthrough
			case 1:
				before = args[0]
			}
			if o.depth < 1 {
				return usagef("--history %d: at least one run, OLD, is needed", o.depth)
			}
			return a.diff(cmd.Context(), before, after, o)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	policyFlag(cmd, &o.policy)
	a.expectationsFlag(f)
	f.IntVar(&o.depth, "history", history.Depth, "look for flakes in the `N` newest runs up to OLD that have the cell")
	a.WideFlag(cmd)
	f.StringVar(&o.json, "json", "", "write the difference as JSON to `FILE`, - is standard output")
	o.output = output.DocumentFlag(cmd, "diff")
	return cmd
}

func (a *app) diff(ctx context.Context, before, after string, o diffOptions) error {
	report := export.File(o.json)
	if o.json != "" {
		if err := report.Check("json"); err != nil {
			return err
		}
	}
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // only read from
	c, err := query.Compare(ctx, a.session(), store, before, after, o.policy, o.depth)
	if err != nil {
		return err
	}
	if o.json != "-" && !o.output.Wanted() {
		if err := a.Draw(ctx, func(w io.Writer, o terminal.Options) error {
			return terminal.WriteDiff(w, c.Before.Run, c.After.Run, c.Difference, o)
		}); err != nil {
			return err
		}
	}
	if o.json != "" || o.output.Wanted() {
		marks, err := store.Marks(ctx)
		if err != nil {
			return err
		}
		if err := a.WriteDocument(o.output, report, page.NewDiff(page.NewRun(c.Before.Summary(), marks[c.Before.ID]), page.NewRun(c.After.Summary(), marks[c.After.ID]),
			c.Conditions(c.Before.Run, c.After.Run), c.Difference)); err != nil {
			return err
		}
	}
	return exit.CellsFailed(len(c.NewFailures))
}
