package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/config"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/expect"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
)

// Stored is a run that was read, with its cells.
type Stored struct {
	results.Run
	Cells    []results.Cell
	Expected *expect.Expectations // by which the cells were judged; nil: by none
}

// Summary is the run with the counts of the cells that were read.
func (s Stored) Summary() results.RunSummary {
	return results.RunSummary{Run: s.Run, Tally: results.Count(s.Cells)}
}

// Read reads the named run, the latest if name is empty. policy, if not empty,
// replaces the run's own.
func Read(ctx context.Context, s *store.Store, name, policy string) (Stored, error) {
	if name == "" {
		name = "latest"
	}
	run, err := s.Run(ctx, name)
	if err != nil {
		return Stored{}, err
	}
	cells, err := s.Cells(ctx, run.ID)
	if err != nil {
		return Stored{}, err
	}
	if policy != "" {
		p, err := outcome.ParsePolicy(policy)
		if err != nil {
			return Stored{}, input.Optionf("policy", "%s", err)
		}
		run.Policy, cells = p, results.Show(cells, p)
	}
	return Stored{Run: run, Cells: cells}, nil
}

// ReadJudged is Read, judged by the user's expectations.
func (s Settings) ReadJudged(ctx context.Context, r *store.Store, name, policy string) (Stored, error) {
	stored, err := Read(ctx, r, name, policy)
	if err != nil {
		return Stored{}, err
	}
	return s.Judge(stored)
}

// Judge judges the cells of a run by the user's expectations.
func (s Settings) Judge(stored Stored) (Stored, error) {
	var err error
	if stored.Expected, err = s.Expectations(); err != nil {
		return Stored{}, err
	}
	stored.Expected.Apply(stored.Cells, stored.Policy)
	return stored, nil
}

// Expectations reads the user's expectations; nil if there are none. The default
// file need not exist, a configured one must.
func (s Settings) Expectations() (*expect.Expectations, error) {
	path := s.Run.Expectations
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
		return nil, input.Optionf("expectations", "%s; name another file, or none", strings.TrimPrefix(err.Error(), "expectations: "))
	}
	for i := range e.Rules {
		if r := &e.Rules[i]; e.Expired(r) {
			s.Log.Warn(fmt.Sprintf("%s:%d: expired after %s and no longer applies: renew or remove it", path, r.Line, r.Until))
		}
	}
	return e, nil
}

// Assess distinguishes regressions from flakes by the cells' results in depth runs
// up to the earlier one, under a policy and the expectations.
func (s Settings) Assess(ctx context.Context, r *store.Store, before results.Run, policy outcome.Policy, depth int, d *compare.Difference) error {
	e, err := s.Expectations()
	if err != nil {
		return err
	}
	fails := e.Judgement()
	shown := func(cells []results.Cell) []results.Cell { return results.Show(cells, policy) }
	past, err := history.Rates(ctx, r, d.Unassessed(), before, depth, shown, fails)
	if err != nil {
		return err
	}
	d.Assess(func(k results.CellKey) history.Rate { return past[k] }, fails)
	return nil
}
