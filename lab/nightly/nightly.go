// Package nightly is the sequence of an unattended run. It continues after
// faults where it can, reports them, and notifies people only of changes that
// were not reported before. Executing and rendering a run is the Runner's job.
//
// Read nightly.go for the sequence, lock.go for what keeps two nightly runs
// apart, and finish.go for what happens after the run.
package nightly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/changes"
	"github.com/splicelab/splicelab/results/compare"
	"github.com/splicelab/splicelab/results/notify"
	"github.com/splicelab/splicelab/results/store"
)

// Mark is the mark of the last complete nightly run, to which Previous refers.
const Mark = "nightly"

// Previous as the baseline compares with the last complete nightly run.
const Previous = "previous"

// Config configures nightly runs.
type Config struct {
	// State is the directory of the lock and of the record of
	// notifications.
	State string
	// Store is the results file.
	Store string
	// Reports is the directory that gets a subdirectory for each nightly
	// run.
	Reports string
	// ReportURL is the URL of Reports; empty: notifications contain paths.
	ReportURL string
	// Formats are the formats of the report files, for Runner.Render.
	Formats []string
	// Baseline names the run to compare with: "@baseline", "previous" or
	// anything that store.Store.Run accepts.
	Baseline string
	// KeepDays is how long runs and reports are kept; at least 1.
	KeepDays int
	// MinFree is how many bytes must be free in each of Places; otherwise
	// nothing is run.
	MinFree int64
	Places  []Place
	// Deadline limits the duration of the run; 0: no limit.
	Deadline time.Duration
	// Always sends a notification even if nothing changed.
	Always bool
	// Senders deliver the notification.
	Senders []notify.Sender
	// Host is the name of this host.
	Host string
	// Explain adds the remedy to the message of an error; nil: nothing is
	// added.
	Explain func(error) string
}

// Runner executes runs, and reads, renders and prunes stored ones.
type Runner interface {
	// Run executes a run. It calls begun as soon as the run is in the
	// store. Its Performance is valid even with an error.
	Run(ctx context.Context, store *store.Store, begun func(run string)) (Performance, error)
	// Read returns the run that ref names and its cells, with the user's
	// expectations applied.
	Read(ctx context.Context, store *store.Store, ref string) (results.Run, []results.Cell, error)
	// Assess distinguishes regressions from flakes by the history of the cells up
	// to the earlier run, under the policy of the later one.
	Assess(ctx context.Context, store *store.Store, before, after results.Run, d *compare.Difference) error
	// Render writes a run in a format.
	Render(ctx context.Context, w io.Writer, format string, store *store.Store, run results.Run, cells []results.Cell) error
	// Prune removes cache entries that have not been used since a time, and
	// describes what it removed. If space is short, it removes everything
	// that is not in use.
	Prune(ctx context.Context, before time.Time, short bool) (removed []string, err error)
}

// Performance is the result of executing a run.
type Performance struct {
	Run     string // its id; empty: there is none
	Planned []results.CellKey
	Missing []changes.Missing
	Notes   []string
	// Sound reports that no control cell failed, every cell has a verdict,
	// and every kernel of the archive was available. Only a sound run may
	// become a baseline.
	Sound bool
}

// DeadlineError is the cause of cancelling a run that exceeded its deadline.
type DeadlineError struct{ After time.Duration }

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("the deadline of %s passed: the remaining cells were not run", e.After)
}

// sequence is a nightly run in progress.
type sequence struct {
	Config
	runner   Runner
	started  time.Time
	lock     *lock
	store    *store.Store
	last     memory
	facts    changes.Facts
	sound    bool
	failed   []string
	baseline string // id of the run to compare with; empty: none
	reports  reports
	unopened error // why there is no store
	first    bool  // there was no nightly run before
	// noReports reports that their directory cannot be created; it is tried
	// once.
	noReports bool
}

// Run executes a nightly run, from its lock to its notification. The error is a
// *BusyError if another nightly run has not finished, or a *results.RunError if
// there is no such baseline. All other errors are part of the outcome.
func Run(ctx context.Context, c Config, r Runner) (Outcome, error) {
	n := &sequence{Config: c, runner: r, started: time.Now()}
	l, left, err := acquire(c.State, n.started)
	if busy := (*BusyError)(nil); errors.As(err, &busy) {
		return Outcome{}, err
	}
	// Without the lock nothing is run, and that is reported.
	n.lock = l
	defer func() { _ = l.release() }() // at the latest when the process ends
	n.facts = changes.Facts{Host: c.Host, Started: n.started}
	// All of these fail if the disk is full; none of them is a reason to
	// give up.
	n.problem(err)
	n.problem(l.write(""))
	n.last, err = remember(c.State)
	n.problem(err)
	n.first = n.last.When.IsZero()
	if err := n.open(ctx); err != nil {
		return Outcome{}, err
	}
	lacking := n.freeSpace(ctx)
	if n.store == nil { // the disk may have been full
		if err := n.open(ctx); err != nil {
			return Outcome{}, err
		}
		n.problem(n.unopened)
	}
	if n.store != nil {
		defer func() { _ = n.store.Close() }() // each attempt was durable when it was added
	}
	n.reportKilled(ctx, left)
	n.problem(lacking)
	if lacking == nil && n.store != nil && n.lock != nil {
		n.perform(ctx)
	}
	return n.finish(ctx), nil
}

// problem records a fault of the lab, if err is not nil.
func (n *sequence) problem(err error) {
	if err != nil {
		n.facts.Problems = append(n.facts.Problems, n.explain(err))
	}
}

func (n *sequence) explain(err error) string {
	if n.Explain == nil {
		return err.Error()
	}
	return n.Explain(err)
}

func (n *sequence) note(format string, args ...any) {
	n.facts.Notes = append(n.facts.Notes, fmt.Sprintf(format, args...))
}

// open opens the store and finds the run to compare with, before anything
// expensive. Without a store the sequence continues, in order to report that.
func (n *sequence) open(ctx context.Context) error {
	store, err := store.Open(n.Store)
	n.unopened = err
	if err != nil {
		return nil
	}
	ref := n.Baseline
	if ref == Previous {
		ref = "@" + Mark
	}
	run, err := store.Run(ctx, ref)
	var none *results.RunError
	switch {
	case err == nil:
		n.baseline = run.ID
	case errors.As(err, &none) && (ref == "@"+Mark || ref == "@"+results.Baseline):
		// The first nightly run.
	case errors.As(err, &none):
		return errors.Join(fmt.Errorf("nightly.baseline: %w", err), store.Close())
	default:
		n.problem(err)
	}
	n.store = store
	return nil
}

// reportKilled describes the previous nightly run if it was killed.
func (n *sequence) reportKilled(ctx context.Context, left *Holder) {
	if left == nil {
		return
	}
	text := fmt.Sprintf("the nightly run that started at %s did not finish", left.Since.Local().Format("2006-01-02 15:04"))
	switch {
	case left.Run == "":
		text += ", and ran nothing"
	case n.store != nil:
		run, err := n.store.Run(ctx, left.Run)
		if err != nil {
			text += fmt.Sprintf("; its run %s is not in the store", left.Run)
			break
		}
		cells, err := n.store.Cells(ctx, run.ID)
		n.problem(err)
		text += fmt.Sprintf(": %d of its %d cells are stored in run %s, which can be resumed", len(cells), run.Planned, run.ID)
	}
	n.facts.Unfinished = text
}

// freeSpace checks the free space, and removes expired files if there is not
// enough.
func (n *sequence) freeSpace(ctx context.Context) error {
	lacking, err := short(n.Places, n.MinFree)
	if err != nil || len(lacking) == 0 {
		return err
	}
	n.prune(ctx, true)
	lacking, err = short(n.Places, n.MinFree)
	if err != nil || len(lacking) == 0 {
		return err
	}
	return &NoRoomError{lacking}
}

// perform executes the run and records its results.
func (n *sequence) perform(ctx context.Context) {
	limited := ctx
	if n.Deadline > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, n.Deadline, &DeadlineError{n.Deadline})
		defer cancel()
	}
	done, err := n.runner.Run(limited, n.store, func(run string) {
		if err := n.lock.write(run); err != nil {
			n.failed = append(n.failed, n.explain(err))
		}
	})
	n.sound = done.Sound && err == nil
	n.facts.Planned, n.facts.Missing = done.Planned, done.Missing
	n.facts.Notes = append(n.facts.Notes, done.Notes...)
	n.problem(err)
	if done.Run == "" {
		return
	}
	// Read the results even if the run was interrupted.
	ctx = context.WithoutCancel(ctx)
	run, cells, err := n.runner.Read(ctx, n.store, done.Run)
	if err != nil {
		n.problem(err)
		return
	}
	n.facts.Run, n.facts.Cells = run, cells
	if n.baseline == "" {
		return
	}
	before, cells, err := n.runner.Read(ctx, n.store, n.baseline)
	if err != nil {
		n.problem(fmt.Errorf("the baseline cannot be read: %w", err))
		return
	}
	n.facts.Before, n.facts.BeforeCells = before, cells
	n.facts.Assess = func(d *compare.Difference) error { return n.runner.Assess(ctx, n.store, before, run, d) }
}
