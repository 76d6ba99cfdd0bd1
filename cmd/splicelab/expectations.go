package main

import (
	"context"

	"splicelab/outcome"
	"splicelab/results"
)

// readJudged reads a run as readRun does, and judges its cells by what the
// user expects.
func (a *app) readJudged(ctx context.Context, store *results.Store, name, policy string) (stored, error) {
	return readRun(ctx, store, name, policy)
}

// shown shows cells under a policy.
func (a *app) shown(policy outcome.Policy) func([]results.Cell) []results.Cell {
	return func(cells []results.Cell) []results.Cell { return results.Show(cells, policy) }
}

// fails judges attempts by what the user expects.
func (a *app) fails() results.Judgement { return results.BadVerdict }
