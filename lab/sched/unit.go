package sched

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// InfraRetries is how often a cell is retried after an infra attempt.
const InfraRetries = 3

// commonWhy is the value of plan.CovariateCommon.
const commonWhy = "observed once, for all cells of this kernel and filesystem"

// pending is what is left of a unit.
type pending struct {
	unit    plan.Unit
	cells   []job.Cell
	infra   map[string]int  // infra attempts, by test name
	doubted map[string]bool // a verdict to confirm, by test name
	settled map[string]bool
	boot    bool // the last attempt was infra
}

// runUnit brings every cell of a unit to its final result. It returns an
// error only when the run cannot continue.
func (s *Scheduler) runUnit(ctx context.Context, u plan.Unit) error {
	p := &pending{unit: u, cells: cells(u.Tests), infra: map[string]int{}, doubted: map[string]bool{}, settled: map[string]bool{}}
	for len(p.cells) > 0 {
		if err := s.runJob(ctx, p); err != nil {
			var missing *job.MissingKernelError
			if errors.As(err, &missing) {
				s.skipKernel(u, missing)
				return nil
			}
			return err
		}
		p.compact()
	}
	return nil
}

// runJob runs the pending cells as one job and records the results.
func (s *Scheduler) runJob(ctx context.Context, p *pending) error {
	j := s.job(p.unit, p.cells, p.boot)
	jctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var failed error
	attempts := 0
	first := p.unit.Key(p.cells[0].Test)
	vm := func(over bool) { s.Prepare(WorkVM, first.Kernel, first.FS, over) }
	booting := false
	res, err := s.exec.Run(jctx, j, func(e job.Event) {
		t := j.Cells[e.Cell].Test
		switch e.Kind {
		case job.Booting:
			s.observe(Event{Kind: Boot, Cell: p.unit.Key(t)})
			if booting = !s.cfg.Templates; booting {
				vm(false)
			}
		case job.Up:
			s.cameUp(j.Spec())
			if booting {
				booting = false
				vm(true)
			}
		case job.Started:
			s.observe(Event{Kind: Started, Cell: p.unit.Key(t)})
		case job.Notice:
			s.notice(e.Text)
		case job.Finished:
			attempts++
			if failed == nil {
				failed = s.record(p, t, e.Attempt, e.Doubted)
			}
			if failed != nil {
				cancel(failed) // nothing that follows could be stored
			}
		}
	})
	if booting {
		vm(true)
	}
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case res.Unavailable != nil:
		// Nothing of this kernel and filesystem can run: one verdict, observed
		// once, for all of them.
		return s.recordAll(p, res)
	case attempts == 0:
		res.Unavailable = verdict.Faultf("the executor returned no result")
		return s.recordAll(p, res)
	}
	return nil
}

// job returns the job for a unit's cells.
func (s *Scheduler) job(u plan.Unit, cells []job.Cell, boot bool) job.Job {
	return job.Job{Kernel: *u.Kernel, Profile: *u.Profile, Cells: cells, Single: len(u.Tests) == 1, Boot: boot, Run: s.cfg.Run}
}

func cells(tests []plan.Test) []job.Cell {
	out := make([]job.Cell, len(tests))
	for i, t := range tests {
		out[i].Test = t
	}
	return out
}

// recordAll records the same result for every pending cell.
func (s *Scheduler) recordAll(p *pending, res job.Result) error {
	end := res.Unavailable
	common := s.common(p.unit, res)
	for _, c := range p.cells {
		now := time.Now()
		a := results.Attempt{Kind: c.Test.Kind, Verdict: end.Verdict, Detail: end.Detail, Console: end.Console,
			Finished: now, Duration: max(0, now.Sub(res.Taken)), Covariates: map[string]string{}}
		if common {
			a.Covariates[plan.CovariateCommon] = commonWhy
		}
		if err := s.record(p, c.Test, a, end.Doubted); err != nil {
			return err
		}
	}
	return nil
}

// record stores an attempt and decides whether it was the cell's last. doubted
// is the verdict that the next one has to confirm, if any.
func (s *Scheduler) record(p *pending, t plan.Test, a results.Attempt, doubted outcome.Verdict) error {
	a.CellKey = p.unit.Key(t)
	var err error
	if a.N, err = s.store.Record(a); err != nil {
		return fmt.Errorf("storing the result of %s on %s, %s: %w", a.Test, a.Kernel, a.FS, err)
	}
	kind, settled := Finished, false
	if p.boot = a.Verdict == outcome.Infra; p.boot {
		p.infra[t.Name()]++
		p.doubted[t.Name()] = p.doubted[t.Name()] || doubted != ""
	}
	if p.boot && p.infra[t.Name()] <= InfraRetries {
		kind = Retry
	} else {
		p.settled[t.Name()] = true
		settled = s.count(p.unit, t, &a)
	}
	s.observe(Event{Kind: kind, Cell: a.CellKey, Attempt: a, Again: p.unit.Retry})
	if settled {
		s.observe(Event{Kind: Settled, Cell: a.CellKey})
	}
	return nil
}

// compact removes settled cells. A job refers to the old list, so it must not be
// modified.
func (p *pending) compact() {
	var rest []job.Cell
	for _, c := range p.cells {
		if !p.settled[c.Test.Name()] {
			c.Confirm = p.doubted[c.Test.Name()]
			rest = append(rest, c)
		}
	}
	p.cells = rest
}

// cameUp records that a VM of a kernel and filesystem came up.
func (s *Scheduler) cameUp(spec string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came[spec] = true
}

// common reports whether a VM that did not come up stands for all cells of its
// kernel and filesystem. If each cell boots its own VM, the first failure counts
// for its cell alone; later ones stand for all unless a VM came up before.
func (s *Scheduler) common(u plan.Unit, res job.Result) bool {
	if !res.Unavailable.Verdict.Bad() {
		return false
	}
	if res.Shared || len(u.Tests) > 1 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.came[u.Spec()] || u.Retry {
		return false
	}
	first := !s.died[u.Spec()]
	s.died[u.Spec()] = true
	return !first
}
