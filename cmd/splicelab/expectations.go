package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/pflag"

	"github.com/splicelab/splicelab/internal/config"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/store"
)

// expectationsFlag lets a verb that judges cells name the expectations file.
func (a *app) expectationsFlag(f *pflag.FlagSet) {
	f.String("expectations", config.Default().Run.Expectations,
		"judge by the expectations in `FILE`, where there is one; none: expect nothing")
	a.bind(f, "expectations", "run.expectations")
}

// expectations reads the user's expectations; nil when there are none. The
// default file need not be there, and one that was named must.
func (a *app) expectations() (*expect.Expectations, error) {
	path := a.cfg.Run.Expectations
	if path == "" || path == config.NoExpectations {
		return nil, nil
	}
	e, err := expect.Load(path, time.Now())
	var fault *expect.Error
	switch {
	case errors.Is(err, fs.ErrNotExist) && path == expect.FileName:
		return nil, nil
	case errors.As(err, &fault):
		return nil, err
	case err != nil:
		return nil, usagef("%s; name another by --expectations, or none", err)
	}
	for i := range e.Rules {
		if r := &e.Rules[i]; e.Expired(r) {
			a.warn(fmt.Sprintf("%s:%d: expired after %s and holds no more: renew or remove it", path, r.Line, r.Until))
		}
	}
	return e, nil
}

// judge judges the cells of a run by what the user expects.
func (a *app) judge(s stored) error {
	e, err := a.expectations()
	if err != nil {
		return err
	}
	e.Apply(s.cells, s.Policy)
	return nil
}

// readJudged reads a run as readRun does, and judges it.
func (a *app) readJudged(ctx context.Context, store *store.Store, name, policy string) (stored, error) {
	s, err := readRun(ctx, store, name, policy)
	if err != nil {
		return stored{}, err
	}
	return s, a.judge(s)
}

// underPolicy shows cells under a policy.
func underPolicy(policy outcome.Policy) func([]results.Cell) []results.Cell {
	return func(cells []results.Cell) []results.Cell { return results.Show(cells, policy) }
}
