// Package nightly is the sequence of an unattended run: it continues after
// faults where it can, reports them, and notifies people only of what they have
// not been told before. How a run is made and rendered is the Runner's
// business.
//
// Read night.go for the sequence, lock.go for what keeps two nightly runs
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

// Mark is the mark of the last run of a night that the lab finished: what
// "previous" is compared with.
const Mark = "nightly"

// Previous is the baseline of those who want to know what changed since the
// night before.
const Previous = "previous"

// Config configures nightly runs.
type Config struct {
	// State is the directory of the lock and of what was told the last time.
	State string
	// Store is the file of results.
	Store string
	// Reports is the directory in which each night has one of its own.
	Reports string
	// ReportURL is where people find Reports; empty: they find it by its path.
	ReportURL string
	// Formats are those of the report files, as Runner.Render knows them.
	Formats []string
	// Baseline names the run to compare with: "@baseline", "previous" or
	// anything that store.Store.Run takes.
	Baseline string
	// KeepDays is how long runs and reports are kept; at least 1.
	KeepDays int
	// MinFree is how many bytes must be free in each of Places, or the night
	// is not begun.
	MinFree int64
	Places  []Place
	// Deadline is how long the run may take; 0: as long as it takes.
	Deadline time.Duration
	// Always sends a notification also when there is nothing new.
	Always bool
	// Senders deliver the notification.
	Senders []notify.Sender
	// Host is the name of this machine.
	Host string
	// Explain adds to the message of an error what can be done about it; nil:
	// nothing is added.
	Explain func(error) string
}

// Runner makes the run of a night, and reads, renders and prunes what is kept.
type Runner interface {
	// Run makes the run. It calls begun as soon as the run is in the store. What
	// it returns counts even with an error.
	Run(ctx context.Context, store *store.Store, begun func(run string)) (Performance, error)
	// Read returns a run that ref names with its cells, judged by the user's
	// expectations.
	Read(ctx context.Context, store *store.Store, ref string) (results.Run, []results.Cell, error)
	// Assess tells regressions from flakes by the history of the cells up to the
	// run before, under the policy of the later run.
	Assess(ctx context.Context, store *store.Store, before, after results.Run, d *compare.Difference) error
	// Render writes a run in a format.
	Render(ctx context.Context, w io.Writer, format string, store *store.Store, run results.Run, cells []results.Cell) error
	// Prune removes what of the cache has not been used since a time, and names
	// what it removed. short says that space is short: then everything goes that
	// is not in use.
	Prune(ctx context.Context, before time.Time, short bool) (removed []string, err error)
}

// Performance is the result of making a run.
type Performance struct {
	Run     string // its id; empty: there is none
	Planned []results.CellKey
	Missing []changes.Missing
	Notes   []string
	// Sound says that no control cell failed, no cell was left without a
	// verdict, and each kernel that the archive has was there. Only a sound run is
	// one to compare with.
	Sound bool
}

// Outcome is the result of a nightly run.
type Outcome struct {
	News    changes.Summary
	Reports []string // files, or where they are found
	Told    bool     // a notification was due
	// Failed are faults that were found too late to be in the news.
	Failed []string
}

// DeadlineError is the cause of the end of a run that took too long.
type DeadlineError struct{ After time.Duration }

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("the deadline of %s passed: what had not been run then was not run", e.After)
}

// night is one in progress.
type night struct {
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
	first    bool  // there was no night before
	// noReports says that their directory cannot be made; it is tried once.
	noReports bool
}

// Hold makes a nightly run, from its lock to its notification. The error is one
// for which there is no outcome: a *BusyError when another night is not over, or a
// *results.RunError when the baseline is none. Everything else is in the outcome.
func Hold(ctx context.Context, c Config, r Runner) (Outcome, error) {
	n := &night{Config: c, runner: r, started: time.Now()}
	l, left, err := acquire(c.State, n.started)
	if busy := (*BusyError)(nil); errors.As(err, &busy) {
		return Outcome{}, err
	}
	// Without a lock nothing is run, and people are told so.
	n.lock = l
	defer func() { _ = l.release() }() // at the latest when the process ends
	n.facts = changes.Facts{Host: c.Host, Started: n.started}
	// A full disk can keep all of these from being written, and none is worth
	// more than the night.
	n.problem(err)
	n.problem(l.write(""))
	n.last, err = remember(c.State)
	n.problem(err)
	n.first = n.last.When.IsZero()
	if err := n.open(ctx); err != nil {
		return Outcome{}, err
	}
	lacking := n.makeRoom(ctx)
	if n.store == nil { // there may have been no room for it
		if err := n.open(ctx); err != nil {
			return Outcome{}, err
		}
		n.problem(n.unopened)
	}
	if n.store != nil {
		defer func() { _ = n.store.Close() }() // each attempt was durable when it was added
	}
	n.tellOf(ctx, left)
	n.problem(lacking)
	if lacking == nil && n.store != nil && n.lock != nil {
		n.perform(ctx)
	}
	return n.finish(ctx), nil
}

// problem notes a fault of the lab, if there is one.
func (n *night) problem(err error) {
	if err != nil {
		n.facts.Problems = append(n.facts.Problems, n.explain(err))
	}
}

func (n *night) explain(err error) string {
	if n.Explain == nil {
		return err.Error()
	}
	return n.Explain(err)
}

func (n *night) note(format string, args ...any) {
	n.facts.Notes = append(n.facts.Notes, fmt.Sprintf(format, args...))
}

// open opens the store and finds the run to compare with, before anything is
// spent. Without a store the night goes on to tell people so.
func (n *night) open(ctx context.Context) error {
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
		// The first night.
	case errors.As(err, &none):
		return errors.Join(fmt.Errorf("nightly.baseline: %w", err), store.Close())
	default:
		n.problem(err)
	}
	n.store = store
	return nil
}

// tellOf says what is known of a night that was killed.
func (n *night) tellOf(ctx context.Context, left *Holder) {
	if left == nil {
		return
	}
	text := fmt.Sprintf("the night that began at %s did not come to its end", left.Since.Local().Format("2006-01-02 15:04"))
	switch {
	case left.Run == "":
		text += ", and had run nothing"
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

// makeRoom makes sure that there is enough, by removing what is old.
func (n *night) makeRoom(ctx context.Context) error {
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

// perform makes the run and takes down what came of it.
func (n *night) perform(ctx context.Context) {
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
	// What was found is read also when somebody stopped the night.
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
		n.problem(fmt.Errorf("the run to compare with cannot be read: %w", err))
		return
	}
	n.facts.Before, n.facts.BeforeCells = before, cells
	n.facts.Assess = func(d *compare.Difference) error { return n.runner.Assess(ctx, n.store, before, run, d) }
}
