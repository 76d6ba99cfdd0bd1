package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/progress"
)

func (a *app) resultsPruneCommand() *cobra.Command {
	var olderThan string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "prune --older-than AGE",
		Short: "Remove old runs from the store",
		Long: `prune removes the runs that started longer ago than AGE, with all that is known
of them, and gives their room back to the disk. A run that has a mark, such as
the baseline, stays, and so does one that is still running. Report files are
not touched.`,
		Example: `  splicelab results prune --older-than 30d --dry-run
  splicelab results prune --older-than 30d`,
		Args: cli.Arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			age, err := parseAge(olderThan)
			if err != nil {
				return err
			}
			return a.prune(cmd.Context(), time.Now().Add(-age), dryRun)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&olderThan, "older-than", "", "remove what started longer ago than `AGE`: days such as 30d, or a duration such as 36h")
	f.BoolVar(&dryRun, "dry-run", false, "only say what would be removed")
	return cmd
}

// parseAge reads days, 30d, or a duration, 36h.
func parseAge(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return time.Duration(n) * day, nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age > 0 {
		return age, nil
	}
	if text == "" {
		return 0, usagef("say how old what is to go must be: --older-than 30d")
	}
	return 0, usagef("--older-than: %q is no age such as 30d or 36h", text)
}

func (a *app) prune(ctx context.Context, before time.Time, dryRun bool) error {
	store, err := a.session().OpenResults()
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // each removal was durable when it was made
	list := store.Prune
	if dryRun {
		list = store.Prunable
	}
	ids, err := list(ctx, before)
	for _, id := range ids {
		fmt.Fprintln(a.stdout, id)
	}
	if err != nil {
		return err
	}
	if dryRun {
		fmt.Fprintf(a.stderr, "%s would be removed\n", text.Count(len(ids), "run"))
		return nil
	}
	freed, err := store.Compact(ctx)
	if err != nil {
		return fmt.Errorf("%s removed, but their room could not be given back: %w", text.Count(len(ids), "run"), err)
	}
	fmt.Fprintf(a.stderr, "%s removed, %s given back\n", text.Count(len(ids), "run"), progress.Bytes(freed))
	return nil
}
