package sched

import (
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/estimate"
)

// EventKind says what an Event reports.
type EventKind string

const (
	Planned  EventKind = "planned"  // Total is known
	Boot     EventKind = "boot"     // a VM is starting for Cell.Kernel and Cell.FS
	Started  EventKind = "started"  // Cell runs
	Finished EventKind = "finished" // Attempt is stored
	Retry    EventKind = "retry"    // an infra attempt is stored; the cell will run again
	Notice   EventKind = "notice"   // Text concerns many cells
	// Cell has its final result: no attempt at it is left, and no retry. The cells
	// that a resumed run already has follow Planned.
	Settled EventKind = "settled"
	// Work for Cell.Kernel, and Cell.FS if it is not empty, began or is over. Work
	// that turns out to be done already is over without a begin.
	Preparing EventKind = "preparing"
	Prepared  EventKind = "prepared"
	Tick      EventKind = "tick" // time passed
)

// Event is one step of a run.
type Event struct {
	Kind        EventKind
	Run         string     // Planned: the run's ID
	Plan        *plan.Plan // Planned
	Cell        results.CellKey
	Attempt     results.Attempt // Finished and Retry
	Again       bool            // the attempt is a retry of a failing cell
	Done, Total int             // cells with a final verdict; cells planned
	// Retries of failing cells: how many are done, of how many that are due so
	// far. They do not count as cells.
	Retried, Retries int
	// Kernels with no work left, and all kernels of the plan.
	KernelsDone, Kernels int
	// Estimate is how much of the work that was left when the scheduler started
	// is done, and how long the rest takes, due retries included.
	Estimate estimate.Progress
	Text     string // Notice
	// Preparing and Prepared: the kind of work, and which piece of how many.
	Work    string
	Nth, Of int
	Version string // of Cell.Kernel, upstream; empty if it is not known
}

// progress counts what is done in a run.
type progress struct {
	done, total      int
	retried, retries int
	tracker          *tracker
	works            map[string]*works       // by kind
	prepared         map[string]bool         // what began, or turned out to be done
	pending          map[results.CellKey]int // attempts that are left
}

// Failures are the lab's own faults, cell by cell.
type Failures struct {
	Cells   int              // cells that are infra after all retries
	Retries int              // retries of failing cells that are infra
	Reason  string           // the first detail of these
	Control []string         // control cells that failed
	Missing map[string]error // kernels that could not be fetched, by release
}

// InfraError reports that the lab itself failed: cells remained infra after
// all retries, or a control cell failed.
type InfraError struct {
	Cells   int      // cells that are infra
	Retries int      // retries of failing cells that are infra
	Control []string // control cells that failed
	Reason  string   // the first infra detail
}

func (e *InfraError) Error() string {
	var parts []string
	if len(e.Control) > 0 {
		parts = append(parts, fmt.Sprintf("the harness is broken: control cell %s failed, so no verdict of this run can be trusted", strings.Join(e.Control, ", ")))
	}
	if e.Cells > 0 {
		parts = append(parts, fmt.Sprintf("%d cells have no verdict because the lab failed (infra), first: %s", e.Cells, e.Reason))
	}
	if e.Retries > 0 {
		parts = append(parts, fmt.Sprintf("%d retries of failing cells have no verdict because the lab failed (infra), first: %s", e.Retries, e.Reason))
	}
	return strings.Join(parts, "; ")
}

// Failures are valid after Run.
func (s *Scheduler) Failures() Failures { return s.failures }

// Err is an *InfraError if the lab failed for some cells; else nil.
func (f Failures) Err() error {
	if f.Cells == 0 && f.Retries == 0 && len(f.Control) == 0 {
		return nil
	}
	return &InfraError{Cells: f.Cells, Retries: f.Retries, Control: f.Control, Reason: f.Reason}
}

// observe adds the run's progress to an event, and forwards it.
func (s *Scheduler) observe(e Event) {
	s.mu.Lock()
	p := &s.progress
	now := time.Now()
	p.tracker.event(e, now)
	e.Done, e.Total, e.Retried, e.Retries = p.done, p.total, p.retried, p.retries
	e.Kernels, e.KernelsDone = p.tracker.kernels()
	e.Estimate = p.tracker.Progress(now)
	e.Version = s.versions[e.Cell.Kernel]
	if e.Kind == Preparing || e.Kind == Prepared {
		s.number(&e)
	}
	s.mu.Unlock()
	s.cfg.Observe(e)
}

// notice reports each text once.
func (s *Scheduler) notice(text string) {
	s.mu.Lock()
	known := s.noticed[text]
	s.noticed[text] = true
	s.mu.Unlock()
	if !known {
		s.observe(Event{Kind: Notice, Text: text})
	}
}

// skipKernel records a kernel that could not be fetched.
func (s *Scheduler) skipKernel(u plan.Unit, e *job.MissingKernelError) {
	s.mu.Lock()
	s.failures.Missing[e.Release] = e.Err
	for _, t := range u.Tests {
		s.progress.tracker.Drop(estimate.Cell, u.Key(t))
	}
	s.mu.Unlock()
	s.notice(e.Release + " is skipped: it could not be fetched")
}

// count counts an attempt that was a cell's last, or one of those planned for
// it. It reports whether no other attempt at the cell is left.
func (s *Scheduler) count(u plan.Unit, t plan.Test, a *results.Attempt) (settled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.tracker.left[a.Kernel]--
	if u.Retry {
		s.progress.retried++
	} else {
		s.progress.done++
	}
	if a.Verdict == outcome.Infra {
		if s.failures.Reason == "" {
			s.failures.Reason = a.Detail
		}
		if u.Retry {
			s.failures.Retries++
		} else {
			s.failures.Cells++
		}
	}
	s.checkControl(t, a)
	if s.cfg.Plan.WantsRetries(t, a) {
		s.schedule(a.CellKey, s.cfg.Plan.RetryFailures)
	}
	if s.progress.pending[a.CellKey]--; s.progress.pending[a.CellKey] > 0 {
		return false
	}
	delete(s.progress.pending, a.CellKey)
	return true
}

// checkControl records a control cell that failed. The caller holds the lock.
func (s *Scheduler) checkControl(t plan.Test, a *results.Attempt) {
	if t.Control && !s.cfg.Run.Faults && a.Verdict == outcome.Fail {
		s.failures.Control = append(s.failures.Control, fmt.Sprintf("%s (%s, %s)", a.Test, a.Kernel, a.FS))
	}
}

// schedule schedules retries of a cell; once, however many of its planned
// attempts failed. The caller holds the lock.
func (s *Scheduler) schedule(key results.CellKey, times int) {
	if _, known := s.retries[key]; known {
		return
	}
	s.retries[key] = times
	s.progress.retries += times
	s.progress.pending[key] += times
	s.progress.tracker.add(key, times)
	if s.progress.tracker.shared {
		s.progress.tracker.Add(estimate.Boot, spec(key.Kernel, key.FS), times) // each in a fresh VM
	}
}
