// Package results is the data model of results: Run, Cell, Attempt, and pure
// functions on them such as the order of reports. Package store keeps runs,
// history and compare evaluate them, and terminal, format, page and web show
// them. It does not know how a cell is run.
package results

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/internal/kernelversion"
	"github.com/splicelab/splicelab/outcome"
)

// Run is one execution of a plan.
type Run struct {
	ID       string // sortable by start time, unique, safe in file names
	Started  time.Time
	Finished time.Time // zero while it runs, or when it was interrupted
	Policy   outcome.Policy
	Accel    string // "tcg" or "kvm"
	Seed     uint64
	Command  []string
	// Origin is what began the run. Stores treat an empty one as OriginUser.
	Origin   Origin
	Selected Selected
	// Conditions are what could explain a difference between runs: "qemu",
	// "splicelab", "mkfs.xfs", "kernel <release>" (its digest), …
	Conditions map[string]string
	Kernels    []Kernel // those planned; only BeginRun and Store.List know them
	Planned    int      // cells planned
	Problem    string   // why the run cannot be trusted, such as a failed control cell or an abort; else empty
	// Pending says that planned cells have not run: the run is running or was
	// interrupted. An interrupted run can have a Finished time.
	Pending bool
	// Paused is how long the run was stopped between Started and Finished.
	Paused time.Duration
	// Plan is what the lab needs to resume the run, in the lab's format; empty
	// if the run cannot be resumed. It can be long: only Store.BeginRun writes
	// it and only Store.Plan reads it.
	Plan string
}

// Took is the run's duration without pauses; 0 until it has finished.
func (r Run) Took() time.Duration {
	if r.Finished.IsZero() {
		return 0
	}
	return max(0, r.Finished.Sub(r.Started)-r.Paused)
}

// Baseline is the mark of the run that others are compared with.
const Baseline = "baseline"

// CellKey identifies a cell.
type CellKey struct {
	Kernel string `json:"kernel"` // release
	FS     string `json:"fs"`     // profile name
	Test   string `json:"test"`   // suite.TestName/subtest
}

// String returns "kernel fs test", as used in listings and messages.
func (k CellKey) String() string { return k.Kernel + " " + k.FS + " " + k.Test }

// Attempt is one execution of a cell.
type Attempt struct {
	CellKey
	// Version and Platform are the kernel's, if the store has them: see Release.
	Version kernelversion.Version
	Platform
	N          int // 1 for the first; infra attempts count
	Verdict    outcome.Verdict
	Outcome    outcome.Outcome
	Kind       outcome.Kind
	Detail     string        // one line, no control characters once stored
	Duration   time.Duration // from the start of the cell to its verdict
	Finished   time.Time
	Timing     Timing
	Covariates map[string]string
	Output     string // the test's own output, bounded
	Console    string // excerpt of the kernel log, bounded
}

// Class tells whether the attempt is a violation, whatever the run's policy.
func (a *Attempt) Class() outcome.Class { return a.Verdict.Class(a.Kind, a.Outcome) }

// Timing is how an attempt's time was spent, in chronological order. Work
// shared by several cells is charged to the first of them, so that the sum over
// all attempts is the cost of the run.
type Timing struct {
	Queue   time.Duration // a prepared VM waited for its cell
	Spawn   time.Duration // starting QEMU, until its monitor answers
	Restore time.Duration // loading a template's state
	Boot    time.Duration // without a template: from QEMU's start to a mounted filesystem
	Agent   time.Duration // from the VM being ready to the first output of the test
	Test    time.Duration // the test itself
	Collect time.Duration // from the test's result to the stored verdict
}

// Cell is the result of a cell: what its attempts found.
type Cell struct {
	Attempt         // the deciding one: the last violation, else the last bad one, else the last that is not infra, else the last
	Attempts int    // number of attempts, including infra
	Infra    int    // number of infra attempts
	Flaky    string // "k/n" when k of n non-infra attempts failed, 0 < k < n; else empty
	// Expected is XFail or XPass if an expectation of the user applies, else
	// empty. Why is the expectation's reason. In documents the field is called
	// "standing", which is kept for compatibility.
	Expected Expected
	Why      string
	// Others are its other attempts, oldest first, so that they can be judged
	// under a policy other than the run's. Nil for a cell with one attempt.
	Others []Attempt
}

// Expected compares a verdict with the user's expectation. The values are those
// of "standing" in documents.
type Expected string

const (
	// XFail is a cell that fails exactly as expected.
	XFail Expected = "expected-fail"
	// XPass is a cell that passes although it was expected to fail.
	XPass Expected = "unexpected-pass"
)

// Bad reports whether the cell makes a run fail.
func (c *Cell) Bad() bool { return c.Verdict.Bad() && c.Expected != XFail }

// NewRunID returns an id for a run that starts at t. It is sortable by time to
// the millisecond, and unique within a millisecond.
func NewRunID(t time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	t = t.UTC()
	return fmt.Sprintf("%s-%03d%x", t.Format("20060102-150405"), t.Nanosecond()/int(time.Millisecond), b)
}
