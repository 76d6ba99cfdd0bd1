package query

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/text"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/lab/session"
)

// ParseAge reads days, 30d, or a duration, 36h.
func ParseAge(text string) (time.Duration, error) {
	const day = 24 * time.Hour
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return time.Duration(n) * day, nil
		}
	}
	if age, err := time.ParseDuration(text); err == nil && age > 0 {
		return age, nil
	}
	return 0, fmt.Errorf("%q is not an age such as 30d or 36h", text)
}

// Prune removes the runs that started before a time, and writes their ids to
// out and a summary to log. A dry run only lists them.
func Prune(ctx context.Context, s session.Settings, out, log io.Writer, before time.Time, dryRun bool) error {
	store, err := s.OpenResults()
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
		fmt.Fprintln(out, id)
	}
	if err != nil {
		return err
	}
	if dryRun {
		fmt.Fprintf(log, "%s would be removed\n", text.Count(len(ids), "run"))
		return nil
	}
	freed, err := store.Compact(ctx)
	if err != nil {
		return fmt.Errorf("%s removed, but the disk space could not be freed: %w", text.Count(len(ids), "run"), err)
	}
	fmt.Fprintf(log, "%s removed, %s freed\n", text.Count(len(ids), "run"), progress.Bytes(freed))
	return nil
}
