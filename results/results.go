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
	// Conditions names what a difference between runs could be explained by:
	// "qemu", "splicelab", "mkfs.xfs", "kernel <release>" (its digest), …
	Conditions map[string]string
	Kernels    []Kernel // those planned; only BeginRun looks at it
	Planned    int      // cells planned
	Problem    string   // why the run cannot be trusted: a failed control cell, an abort; else empty
	// Paused is how much of the time from Started to Finished nobody was at the
	// run, because it had been stopped and was resumed later.
	Paused time.Duration
	// Plan is what it takes to go on with the run when it was stopped, in the
	// lab's own form; empty for a run that cannot be resumed by itself. Only
	// BeginRun looks at it, and Store.Plan reads it: it can be long.
	Plan string
}

// Took is how long the run was worked at; 0 while it is not finished.
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
	Duration   time.Duration // from taking the cell up to its verdict
	Finished   time.Time
	Timing     Timing
	Covariates map[string]string
	Output     string // the test's own output, bounded
	Console    string // excerpt of the kernel log, bounded
}

// Timing says where an attempt's time went, in the order in which it passed.
// What was done once for several cells counts for the first of them, so that
// the sum over all attempts is what the run spent.
type Timing struct {
	Queue   time.Duration // a prepared machine waited for somebody to use it
	Spawn   time.Duration // starting QEMU, up to its monitor's answer
	Restore time.Duration // loading a template's state
	Boot    time.Duration // where no template was: from QEMU's start to a mounted filesystem
	Agent   time.Duration // from the machine's readiness to the test's first word
	Test    time.Duration // the test itself
	Collect time.Duration // from the test's result to the verdict, stored
}

// Cell is a cell of a run with what its attempts came to.
type Cell struct {
	Attempt         // the last bad one, or the last that is not infra, or the last
	Attempts int    // how many there were, infra included
	Infra    int    // how many of them were infra
	Flaky    string // "k/n" when k of n non-infra attempts failed, 0 < k < n; else empty
	// Standing is how the verdict stands to the user's expectations; empty where
	// none speaks of the cell, or it is to be taken as it is. Why is the reason
	// of the expectation that speaks of it.
	Standing Standing
	Why      string
	// Others are its other attempts, oldest first, so that a policy other than
	// the run's can judge them anew. Nil for a cell of one attempt.
	Others []Attempt
}

// Standing is how a verdict stands to what a user expects of the cell.
type Standing string

const (
	// ExpectedFail is a cell that is bad in just the way that is expected.
	ExpectedFail Standing = "expected-fail"
	// UnexpectedPass is a cell that passes and was expected to be bad.
	UnexpectedPass Standing = "unexpected-pass"
)

// Bad reports whether the cell makes a run fail.
func (c *Cell) Bad() bool { return c.Verdict.Bad() && c.Standing != ExpectedFail }

// NewRunID returns an id for a run that starts at t: sortable by time to the
// millisecond, different for two runs of the same one.
func NewRunID(t time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	t = t.UTC()
	return fmt.Sprintf("%s-%03d%x", t.Format("20060102-150405"), t.Nanosecond()/int(time.Millisecond), b)
}
