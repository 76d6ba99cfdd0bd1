package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// todo is what is left of a group.
type todo struct {
	runner  *runner
	group   group
	pending []PlannedTest
	infra   map[string]int // attempts that the lab failed, by test name
	settled map[string]bool
	again   bool // the last attempt was infra
}

// after makes sure that a batch made progress: what it neither settled nor
// can be expected to settle next time gets an infra attempt, so that no cell
// is tried for ever.
func (t *todo) after(ctx context.Context, b *batch, err error) error {
	settled := 0
	for _, c := range b.cells {
		if c.reported {
			settled++
		}
	}
	if err == nil {
		for _, c := range b.cells {
			if !c.reported {
				end := infraf("the test process ended in good order but never ran this test")
				if err := t.record(ctx, c.test, endedAttempt(c.test, end, time.Now())); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if settled > 0 {
		return nil
	}
	var end *ended
	if !errors.As(err, &end) {
		end = infraf("%v", err)
	}
	// The machine broke with no cell to blame: the lab does not know whose
	// doing it was.
	blame := infraf("the VM ended before this cell began (%s: %s)", end.verdict, end.detail)
	blame.console = end.console
	return t.record(ctx, b.cells[0].test, endedAttempt(b.cells[0].test, blame, time.Now()))
}

func endedAttempt(t PlannedTest, e *ended, taken time.Time) results.Attempt {
	now := time.Now()
	return results.Attempt{Kind: t.Kind, Verdict: e.verdict, Detail: e.detail, Console: e.console,
		Finished: now, Duration: now.Sub(taken), Covariates: map[string]string{}}
}

// all gives every pending cell the same end. common says that it was seen once
// for more cells than these.
func (t *todo) all(ctx context.Context, e *ended, taken time.Time, common bool) error {
	for _, p := range t.pending {
		a := endedAttempt(p, e, taken)
		if common {
			a.Covariates[covariateCommon] = commonWhy
		}
		if err := t.record(ctx, p, a); err != nil {
			return err
		}
	}
	t.compact()
	return nil
}

// record stores an attempt and decides whether it was the cell's last.
func (t *todo) record(ctx context.Context, p PlannedTest, a results.Attempt) error {
	r := t.runner
	name := p.Name()
	if t.again = a.Verdict == outcome.Infra; t.again {
		t.infra[name]++
	}
	a.CellKey = t.group.key(p)
	r.mu.Lock()
	r.attempts[a.CellKey]++
	a.N = r.attempts[a.CellKey]
	r.mu.Unlock()
	if err := r.lab.store.AddAttempt(context.WithoutCancel(ctx), r.run.ID, &a); err != nil {
		return fmt.Errorf("storing the result of %s on %s, %s: %w", a.Test, a.Kernel, a.FS, err)
	}
	kind := EventFinished
	r.mu.Lock()
	if a.Verdict == outcome.Infra && t.infra[name] <= infraRetries {
		kind = EventRetry
	} else {
		t.count(p, &a)
	}
	ev := r.event(kind)
	r.mu.Unlock()
	ev.Cell, ev.Attempt, ev.Again = a.CellKey, a, t.group.retry
	if ev.Kind == EventFinished {
		if t.settled == nil {
			t.settled = map[string]bool{}
		}
		t.settled[name] = true
	}
	r.observer.Event(ev)
	return nil
}

// count takes an attempt into account that was a cell's last, or one of those
// that it was planned to have. The caller holds the runner's lock.
func (t *todo) count(p PlannedTest, a *results.Attempt) {
	r := t.runner
	r.work.take(a.CellKey)
	if t.group.retry {
		r.retried++
	} else {
		r.done++
	}
	if a.Verdict == outcome.Infra {
		if r.reason == "" {
			r.reason = a.Detail
		}
		if t.group.retry {
			r.lost++
		} else {
			r.infra++
		}
	}
	if p.Control && !r.lab.cfg.Faults && a.Verdict == outcome.Fail {
		r.control = append(r.control, controlName(a.CellKey))
	}
	if r.plan.wantsRetries(p, a) {
		r.schedule(a.CellKey, r.plan.RetryFailures)
	}
}

// compact takes what is settled off the list. A batch holds a view of the old
// list, which therefore must stay as it is.
func (t *todo) compact() {
	var rest []PlannedTest
	for _, p := range t.pending {
		if !t.settled[p.Name()] {
			rest = append(rest, p)
		}
	}
	t.pending = rest
}
