package query

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/terminal"
)

// WriteFlaky compares the named runs, or the last newest ones, lists at most top
// flaky cells (0: all), and returns how many there are. policy, if not empty,
// replaces that of the runs.
func WriteFlaky(ctx context.Context, out io.Writer, settings session.Settings, names []string, last, top int, policy string, o terminal.Options) (unsteady int, err error) {
	e, err := settings.Expectations()
	if err != nil {
		return 0, err
	}
	store, err := settings.OpenResults()
	if err != nil {
		return 0, err
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
			return 0, err
		}
		// One policy for all, or runs under different ones would appear to differ.
		policy = string(run.Policy)
		s.Add(run.Cells, e.Judgement())
	}
	if err := terminal.WriteSteadiness(out, &s, top, o); err != nil {
		return 0, err
	}
	_, cells := s.Cells()
	return len(cells), nil
}
