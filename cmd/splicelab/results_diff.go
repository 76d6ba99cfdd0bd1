package main

import (
	"context"

	"github.com/spf13/cobra"

	"splicelab/results"
)

func (a *app) resultsDiffCommand() *cobra.Command {
	var policy string
	cmd := &cobra.Command{
		Use:   "diff [OLD [NEW]]",
		Short: "Compare two runs",
		Long: `diff shows what changed from OLD to NEW: new failures, fixes, other outcomes,
cells that came or went, and the circumstances that could explain it. Without
NEW it is the latest run; without OLD too, the latest is compared with the one
before it.` + runHelp + `

Exit codes: 1 when a cell fails in NEW that did not in OLD, else 0.`,
		Example: `  splicelab results diff
  splicelab results diff latest~7
  splicelab results diff 20260101-0300 20260102-0300 --policy alias`,
		Args: arguments(0, 2, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			before, after := "latest~1", "latest"
			switch len(args) {
			case 2:
				after = args[1]
				fallthrough
			case 1:
				before = args[0]
			}
			return a.diff(cmd.Context(), before, after, policy)
		},
	}
	policyFlag(cmd, &policy)
	return cmd
}

func (a *app) diff(ctx context.Context, before, after, policy string) error {
	return a.withRun(ctx, after, policy, func(store *results.Store, b stored) error {
		x, err := readRun(ctx, store, before, policy)
		if err != nil {
			return err
		}
		d := results.Diff(x.cells, b.cells)
		if err := results.WriteDiff(a.stdout, x.Run, b.Run, d, a.matrixOptions(a.stdout)); err != nil {
			return err
		}
		if n := len(d.NewFailures); n > 0 {
			return &failedError{n}
		}
		return nil
	})
}
