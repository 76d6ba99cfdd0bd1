package query

import (
	"context"
	"errors"
	"fmt"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
)

// Flaky compares the named runs, or the last newest ones. policy, if not empty,
// replaces that of the runs.
func Flaky(ctx context.Context, settings session.Settings, names []string, last int, policy string) (*history.Steadiness, error) {
	e, err := settings.Expectations()
	if err != nil {
		return nil, err
	}
	store, err := settings.OpenResults()
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }() // only read from
	named := len(names) > 0
	for i := 0; !named && i < last; i++ {
		names = append(names, fmt.Sprintf("latest~%d", i))
	}
	var s history.Steadiness
	for i, name := range names {
		run, err := session.Read(ctx, store, name, policy)
		if none := (*results.RunError)(nil); !named && i > 0 && errors.As(err, &none) {
			break // there are no more
		}
		if err != nil {
			return nil, err
		}
		// One policy for all, or runs under different ones would appear to differ.
		policy = string(run.Policy)
		s.Add(run.Cells, e.Judgement())
	}
	return &s, nil
}
