package query

import (
	"context"

	"github.com/splicelab/splicelab/internal/input"
	"github.com/splicelab/splicelab/lab/session"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/history"
	"github.com/splicelab/splicelab/results/store"
)

// Comparison is two runs, or two kernels, and what changed from one to the
// other.
type Comparison struct {
	Before, After session.Stored
	compare.Difference
}

// Compare reads two runs or two kernels, and distinguishes regressions from
// flakes by the depth newest runs up to the earlier one. policy, if not empty,
// replaces that of the runs.
func Compare(ctx context.Context, s session.Settings, store *store.Store, before, after, policy string, depth int) (Comparison, error) {
	old, err := history.FindSubject(ctx, store, before)
	if err != nil {
		return Comparison{}, err
	}
	newer, err := history.FindSubject(ctx, store, after)
	if err != nil {
		return Comparison{}, err
	}
	if (old.Kernel == "") != (newer.Kernel == "") {
		return Comparison{}, input.Errorf("%s and %s: compare two runs or two kernels, not one with the other", before, after)
	}
	var c Comparison
	if c.Before, err = readSubject(ctx, s, store, old, policy); err != nil {
		return Comparison{}, err
	}
	if c.After, err = readSubject(ctx, s, store, newer, policy); err != nil {
		return Comparison{}, err
	}
	if old.Kernel == "" {
		c.Difference = compare.Diff(c.Before.Cells, c.After.Cells)
	} else {
		c.Difference = compare.DiffKernels(c.Before.Cells, c.After.Cells)
	}
	return c, s.Assess(ctx, store, old.Run, c.After.Policy, depth, &c.Difference)
}

// readSubject reads the cells of a run, or those of one of its kernels.
func readSubject(ctx context.Context, s session.Settings, store *store.Store, subject history.Subject, policy string) (session.Stored, error) {
	run, err := s.ReadJudged(ctx, store, subject.Run.ID, policy)
	if err != nil || subject.Kernel == "" {
		return run, err
	}
	var of []results.Cell
	for _, c := range run.Cells {
		if c.Kernel == subject.Kernel {
			of = append(of, c)
		}
	}
	run.Cells = of
	return run, nil
}
