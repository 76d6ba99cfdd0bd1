package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/lab"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/store"
)

// bed runs plans repeatedly with one configuration.
type bed struct {
	lab     *lab.Lab
	store   *store.Store
	kernels lab.Ready
}

// newBed creates a lab that is configured by set and stores results in store.
func newBed(c Config, store *store.Store, set func(*lab.Config)) (bed, error) {
	cfg := c.Lab
	cfg.Origin = results.OriginBench
	set(&cfg)
	l, err := lab.New(cfg, store)
	return bed{l, store, lab.Ready{c.Kernel}}, err
}

// run runs a plan and returns its cells and the run's duration in seconds, from
// its first access to a template to its last result. The error is the lab's.
func (b bed) run(ctx context.Context, p plan.Plan) ([]results.Cell, float64, error) {
	began := time.Now()
	run, err := b.lab.Run(ctx, p, b.kernels, nil)
	took := time.Since(began).Seconds()
	if err != nil {
		return nil, 0, err
	}
	cells, err := b.store.Cells(ctx, run.ID)
	return cells, took, err
}

// one runs a plan and returns the cell of a test. It is an error if the kernel
// did not survive or the cell was skipped.
func (b bed) one(ctx context.Context, p plan.Plan, test string) (results.Cell, error) {
	cells, _, err := b.run(ctx, p)
	if err != nil {
		return results.Cell{}, err
	}
	for _, c := range cells {
		if c.Test != test {
			continue
		}
		if c.Verdict != outcome.Pass && c.Verdict != outcome.Fail || c.Attempts != 1 {
			return c, fmt.Errorf("%s ended as %s after %d attempts: %s", test, c.Verdict, c.Attempts, c.Detail)
		}
		return c, nil
	}
	return results.Cell{}, fmt.Errorf("%s has no result", test)
}

// perMinute runs a plan and returns its throughput in cells per minute.
func (b bed) perMinute(ctx context.Context, p plan.Plan) (float64, error) {
	cells, took, err := b.run(ctx, p)
	if err != nil {
		return 0, err
	}
	return float64(len(cells)) / took * 60, nil
}
