package lab

import (
	"context"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// This file goes on with a run of which a part is in the store.

// Resume is Run for a plan of which a part was run already, in the run with
// that id: what has a verdict keeps it and is not run again. Cells that the lab
// failed, and retries that were cut off, are tried again. The run's policy and
// seed go on to hold. The error is a *results.RunningError when another process
// is at the run.
func (l *Lab) Resume(ctx context.Context, id string, p Plan, o Observer) (results.Run, error) {
	if l.store == nil {
		return results.Run{}, errNoStore
	}
	run, err := l.store.Run(ctx, id)
	if err != nil {
		return results.Run{}, err
	}
	release, err := l.store.LockRun(run.ID)
	if err != nil {
		return results.Run{}, err
	}
	defer release()
	again := *l
	again.cfg.Seed, again.cfg.Policy = run.Seed, run.Policy
	return again.perform(ctx, p, o, func() (results.Run, []results.Cell, error) {
		cells, err := l.store.Cells(ctx, run.ID)
		if err != nil {
			return run, nil, err
		}
		run.Finished, run.Problem = time.Time{}, ""
		return run, cells, l.store.ResumeRun(ctx, run.ID)
	})
}

// left takes out of the groups what has a verdict, and schedules the retries
// of what is bad.
func (r *runner) left(groups []group, known []results.Cell) []group {
	if len(known) == 0 {
		return groups
	}
	settled := map[results.CellKey]int{}
	cells := map[results.CellKey]*results.Cell{}
	for i := range known {
		c := &known[i]
		r.attempts[c.CellKey] = c.Attempts
		settled[c.CellKey] = c.Attempts - c.Infra
		cells[c.CellKey] = c
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []group
	for _, g := range groups {
		var tests []PlannedTest
		for _, t := range g.tests {
			if settled[g.key(t)] > 0 {
				settled[g.key(t)]--
				r.done++
				r.work.take(g.key(t))
				if t.Control && !r.lab.cfg.Faults && cells[g.key(t)].Verdict == outcome.Fail {
					r.control = append(r.control, controlName(g.key(t)))
				}
				if n := r.plan.due(t, cells[g.key(t)], r.plan.repeat(r.lab.cfg.Isolation, t)); n > 0 {
					r.schedule(g.key(t), n)
				}
				continue
			}
			tests = append(tests, t)
		}
		if g.tests = tests; len(tests) > 0 {
			left = append(left, g)
		}
	}
	return left
}
