// Package results is the model of what runs found: Run, Cell, Attempt, and pure
// functions on them such as the order of reports. It is a leaf: store keeps
// runs, history and compare evaluate them, terminal, format, page and web show
// them. It must not know how a cell is run.
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
	// Conditions are what could explain a difference between runs:
	// "qemu", "splicelab", "mkfs.xfs", "kernel <release>" (its digest), …
	Conditions map[string]string
	Kernels    []Kernel // those planned; only BeginRun looks at it
	Planned    int      // cells planned
	Problem    string   // why the run cannot be trusted: a failed control cell, an abort; else empty
	// Paused is how much of the time from Started to Finished nobody was at the
	// run, because it had been stopped and was resumed later.
	Paused time.Duration
	// Plan is what the lab needs to resume the run, in the lab's own form; empty
	// for a run that cannot be resumed. It can be long: only Store.BeginRun writes
	// it and Store.Plan reads it.
	Plan string
}

// Took is how long the run ran, without pauses; 0 until it has finished.
func (r Run) Took() time.Duration {
	if r.Finished.IsZero() {
		return 0
	}
	return max(0, r.Finished.Sub(r.Started)-r.Paused)
}

// Baseline is the mark of the run that others are compared with.
const Baseline = "baseline"

// CellKey names a cell.
type CellKey struct {
	Kernel string // release
	FS     string // profile name
	Test   string // suite.TestName/subtest
}

// String names the cell as listings and messages do: "kernel fs test".
func (k CellKey) String() string { return k.Kernel + " " + k.FS + " " + k.Test }

// Attempt is one execution of a cell.
type Attempt struct {
	CellKey
	// Version is the kernel's upstream version where the store knows it: see
	// Release.
	Version    kernelversion.Version
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

// Timing is how an attempt's time was spent, in chronological order. Work shared
// by several cells is charged to the first of them, so that the sum over all
// attempts is the cost of the run.
type Timing struct {
	Queue   time.Duration // a prepared VM waited to be used
	Spawn   time.Duration // starting QEMU, until its monitor answers
	Restore time.Duration // loading a template's state
	Boot    time.Duration // without a template: from QEMU's start to a mounted filesystem
	Agent   time.Duration // from the VM being ready to the first output of the test
	Test    time.Duration // the test itself
	Collect time.Duration // from the test's result to the stored verdict
}

// Cell is the result of a cell: what its attempts found.
type Cell struct {
	Attempt         // the one that counts: the last bad one, else the last that is not infra, else the last
	Attempts int    // how many there were, infra included
	Infra    int    // how many of them were infra
	Flaky    string // "k/n" when k of n non-infra attempts failed, 0 < k < n; else empty
	// Expected says whether an expectation of the user changes what the verdict
	// means: XFail, XPass, or empty. Why is the reason that the expectation gives.
	// In documents the field is called "standing": a contract with their readers.
	Expected Expected
	Why      string
	// Others are its other attempts, oldest first, so that they can be judged
	// again under another policy than the run's. Nil for a cell of one attempt.
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

// NewRunID returns an id for a run that starts at t: sortable by time to the
// millisecond, different for two runs of the same one.
func NewRunID(t time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	t = t.UTC()
	return fmt.Sprintf("%s-%03d%x", t.Format("20060102-150405"), t.Nanosecond()/int(time.Millisecond), b)
}
