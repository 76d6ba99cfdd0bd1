// Package sched decides which cells run next, and when a cell's result is
// final: it passes jobs to an executor, collects their attempts, retries infra
// attempts, and counts what is done. It knows neither VMs nor the store; an
// executor may be on another machine.
//
// Read sched.go (the order of the work), unit.go (one unit until every cell
// of it is settled), progress.go (what is done, and what observers see),
// track.go (how long the rest takes), prepare.go (what cells wait for),
// resume.go (the cells that a resumed run already has).
package sched

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/estimate"
)

// Recorder stores attempts.
type Recorder interface {
	// Record makes an attempt durable and returns its number within its cell,
	// from 1. It is also called while the run is being stopped.
	Record(a results.Attempt) (n int, err error)
}

// Config describes a run, except for how jobs are executed.
type Config struct {
	Plan      *plan.Plan
	Isolation plan.Isolation
	// Run is the part that all jobs share.
	Run job.Run
	// Concurrency is how many jobs the executor gets at once: more than the VMs
	// that it runs, so that it can prepare some while others run.
	Concurrency int
	// For the estimate of the time left: how many VMs the executor runs at once,
	// how many of them at full speed, and whether it restores them.
	Slots, Processors int
	Templates         bool
	// Expected has the durations of cells that ran before.
	Expected map[results.CellKey]time.Duration
	// Known are the cells that a resumed run already has.
	Known []results.Cell
	// Observe is called for each step, from several goroutines; it must return
	// soon.
	Observe func(Event)
}

// Scheduler runs a plan.
type Scheduler struct {
	cfg   Config
	exec  job.Executor
	store Recorder

	versions map[string]string // of kernels, by release

	mu       sync.Mutex
	progress progress
	retries  map[results.CellKey]int // due, by cell
	came     map[string]bool         // by spec: a VM of it came up
	died     map[string]bool         // by spec: a VM of it did not
	noticed  map[string]bool
	failures Failures
}

// New returns a scheduler for one run.
func New(cfg Config, exec job.Executor, store Recorder) *Scheduler {
	s := &Scheduler{
		cfg: cfg, exec: exec, store: store,
		retries: map[results.CellKey]int{}, came: map[string]bool{}, died: map[string]bool{}, noticed: map[string]bool{},
	}
	s.progress = progress{total: cfg.Plan.Attempts(cfg.Isolation), tracker: newTracker(cfg, time.Now()), prepared: map[string]bool{}, pending: map[results.CellKey]int{}}
	s.versions = map[string]string{}
	for _, k := range cfg.Plan.Kernels {
		s.versions[k.Release] = k.Version.String()
	}
	s.failures.Missing = map[string]error{}
	return s
}

// Run runs the pending cells of the plan. The error is ctx's, or one that makes
// it impossible to continue, such as a store that cannot be written. Infra
// results of single cells are in Failures.
func (s *Scheduler) Run(ctx context.Context) error {
	units := s.cfg.Plan.Units(s.cfg.Isolation, s.cfg.Expected)
	units = s.expect(units)
	s.observe(Event{Kind: Planned, Plan: s.cfg.Plan})
	for _, c := range s.cfg.Known {
		if s.progress.pending[c.CellKey] == 0 {
			s.observe(Event{Kind: Settled, Cell: c.CellKey})
		}
	}
	ticking, stop := context.WithCancel(ctx)
	var ticker sync.WaitGroup
	ticker.Go(func() { s.tick(ticking) })
	defer ticker.Wait() // no event follows the end of a run
	defer stop()
	if err := s.runAll(ctx, units); err != nil {
		return err
	}
	return s.runAll(ctx, s.cfg.Plan.Retries(s.retries))
}

// expect returns the units without cells that have a verdict, and adds their work
// to the estimate.
func (s *Scheduler) expect(units []plan.Unit) []plan.Unit {
	tracker := s.progress.tracker
	for _, u := range units {
		tracker.left[u.Kernel.Release] += len(u.Tests)
	}
	units = s.skipSettled(units)
	for _, u := range units {
		for _, t := range u.Tests {
			tracker.Add(estimate.Cell, u.Key(t), 1)
			s.progress.pending[u.Key(t)]++
		}
	}
	tracker.prepare(units, s.cfg.Templates)
	s.expectWork(units)
	return units
}

// lookahead is how many kernels with a profile are prefetched beyond those that
// run: enough that no job waits for one, and few enough that templates do not
// evict each other from the cache before they are used.
const lookahead = 4

// runAll runs units in order, Concurrency of them at once.
func (s *Scheduler) runAll(ctx context.Context, units []plan.Unit) error {
	workers, ctx := errgroup.WithContext(ctx)
	queue := make(chan plan.Unit)
	workers.Go(func() error {
		defer close(queue)
		return s.feed(ctx, units, queue)
	})
	for range s.cfg.Concurrency {
		workers.Go(func() error {
			for u := range queue {
				if err := s.runUnit(ctx, u); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return workers.Wait()
}

// feed hands out units in order, and prefetches those of the next specs.
func (s *Scheduler) feed(ctx context.Context, units []plan.Unit, queue chan<- plan.Unit) error {
	var firsts []plan.Unit // the first unit of each spec
	for i, u := range units {
		if i == 0 || u.Spec() != units[i-1].Spec() {
			firsts = append(firsts, u)
		}
	}
	begun, announced := 0, 0
	for i, u := range units {
		if i == 0 || u.Spec() != units[i-1].Spec() {
			begun++
			var next []job.Job
			for ; announced < min(begun+lookahead, len(firsts)); announced++ {
				first := firsts[announced]
				next = append(next, s.job(first, cells(first.Tests), false))
			}
			s.exec.Prefetch(ctx, next)
		}
		select {
		case queue <- u:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
