// Package job is the interface between scheduling and execution. A Job goes down,
// Events and a Result come back. All three are plain data: kernels, suites and
// programs are identified by digest, and nothing points into a plan or a store,
// so that an executor may be on another machine.
package job

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/splicelab/splicelab/images"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Executor runs jobs.
type Executor interface {
	// Run starts a VM for the job and runs its cells in it until all of them
	// have a result or the VM is unusable. It calls report in order, from one
	// goroutine at a time. Several jobs may run at once; the executor limits
	// how many VMs use a CPU. The error is ctx's, or one that makes every
	// further job pointless.
	Run(ctx context.Context, j Job, report func(Event)) (Result, error)
	// Prefetch announces upcoming jobs, the next one first, so that the executor
	// can prepare what they need. It does not block.
	Prefetch(ctx context.Context, next []Job)
}

// Job is cells of one kernel and one filesystem profile that run in one VM.
type Job struct {
	Kernel  plan.Kernel    `json:"kernel"`
	Profile images.Profile `json:"profile"`
	Cells   []Cell         `json:"cells"` // in the order in which they run
	// Single says that the VM is not shared: it may be restored from a template
	// in which the test process is already parked.
	Single bool `json:"single"`
	// Boot forbids a restored VM: the last attempt was infra, and the template
	// may be to blame.
	Boot bool `json:"boot,omitempty"`
	Run  Run  `json:"run"`
}

// Spec names the job's kernel and profile, see plan.Unit.Spec.
func (j Job) Spec() string { return j.Kernel.Release + " " + j.Profile.Name }

// Cell is one cell of a job.
type Cell struct {
	Test plan.Test `json:"test"`
	// Confirm is set when an earlier attempt was doubted: its verdict counts when
	// it is observed again.
	Confirm bool `json:"confirm,omitempty"`
}

// Run is the part that all jobs of a run share.
type Run struct {
	Policy    outcome.Policy `json:"policy"`
	Seed      uint64         `json:"seed"`
	Faults    bool           `json:"faults,omitempty"` // inject each cell's fault
	Deadlines Deadlines      `json:"deadlines"`
	// Modules are the kernel modules that images of the run contain in addition
	// to those of disk and filesystem.
	Modules []string `json:"modules,omitempty"`
	// Suites are the digests of the run's suites, by name. An executor whose
	// suite differs must not run it.
	Suites map[string]string `json:"suites"`
}

// Deadlines limit how long a guest may take. Their clock stops while the lab
// itself does not run (a suspended laptop, a stopped container), so that a pause
// of the host is never attributed to a kernel.
type Deadlines struct {
	// Boot is from starting QEMU to the agent's hello. Default 90 s.
	Boot time.Duration
	// Silence is how long a VM may print nothing before it is pinged, and then
	// how long it may take to answer. Default 10 s.
	Silence time.Duration
	// Cell is from the start of a cell to its result. Default 60 s.
	Cell time.Duration
}

// DefaultDeadlines are generous: on two cores under TCG a boot takes 2–5 s
// and a cell well under one.
var DefaultDeadlines = Deadlines{Boot: 90 * time.Second, Silence: 10 * time.Second, Cell: 60 * time.Second}

// EventKind says what an Event reports.
type EventKind string

const (
	Booting  EventKind = "booting"  // the job has a slot, its VM boots or resumes
	Up       EventKind = "up"       // the VM runs, its filesystem is mounted
	Started  EventKind = "started"  // Cell runs
	Finished EventKind = "finished" // Attempt is Cell's result; it has no number yet
	Notice   EventKind = "notice"   // Text concerns every job with this Spec
)

// Event is one step of a job.
type Event struct {
	Kind    EventKind       `json:"kind"`
	Cell    int             `json:"cell"` // index in Job.Cells
	Attempt results.Attempt `json:"attempt"`
	// Doubted is the verdict that another attempt has to confirm; Attempt's is
	// then infra. Else empty.
	Doubted outcome.Verdict `json:"doubted,omitempty"`
	Text    string          `json:"text,omitempty"`
}

// Result says how a job ended.
type Result struct {
	// Unavailable is why no VM came up for any of the job's cells; nil when one
	// did. Cells without a Finished event are then still pending.
	Unavailable *verdict.Termination `json:"unavailable,omitempty"`
	// Shared says that Unavailable was observed while a template was built, and
	// so applies to every job with the same Spec.
	Shared bool `json:"shared,omitempty"`
	// Taken is when the job got its slot.
	Taken time.Time `json:"taken"`
}

// MissingKernelError reports a kernel that could not be fetched. Nothing is
// known about it, so none of its cells has a result.
type MissingKernelError struct {
	Release string
	Err     error
}

func (e *MissingKernelError) Error() string { return e.Err.Error() }
func (e *MissingKernelError) Unwrap() error { return e.Err }

// SuiteNames are the names of the run's suites, sorted.
func (r Run) SuiteNames() []string { return slices.Sorted(maps.Keys(r.Suites)) }
