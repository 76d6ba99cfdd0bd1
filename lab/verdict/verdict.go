// Package verdict decides the verdict of an attempt. Everything that was observed
// goes into one Evidence; Decide applies one ordered table of rules to it, the
// table of docs/architecture.md. Nothing else in the lab makes or changes a
// verdict.
//
// Read verdict.go (evidence and the order of the rules), rules.go (the rules),
// doubt.go (verdicts that need confirmation), text.go (sentences from a log or
// an exit status).
package verdict

import (
	"fmt"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/vm"
	"github.com/splicelab/splicelab/outcome"
)

// Phase is how far a VM got.
type Phase string

// The phases, in their order.
const (
	Preparing Phase = "preparing"  // no VM yet: image, disk, QEMU
	Booting   Phase = "booting"    // before the agent's hello
	SettingUp Phase = "setting up" // modules, filesystem
	Running   Phase = "running"    // cells
)

// Evidence is everything that was observed of one attempt, or of a VM before
// its first cell. The zero value of a field means that it was not observed.
type Evidence struct {
	Phase Phase
	// When names the step, for the detail: "while mounting xfs".
	When string
	// Fault is what went wrong in the lab: QEMU did not start, the guest broke
	// the protocol, a channel broke while the VM was running.
	Fault string
	// Exit is how QEMU exited; nil while it runs.
	Exit *vm.Exit
	// Log is the cell's part of the kernel log, or all of it before the first
	// cell.
	Log string
	// Events are those of the whole log, if Log has lost its middle; otherwise
	// Log is parsed.
	Events []console.Event
	// Overdue is set when a deadline passed.
	Overdue *Overdue
	// Unable is why the cell cannot run on this kernel or host; UnableLog has
	// the kernel's messages about it.
	Unable, UnableLog string

	// SetUp is why the test's own set-up failed.
	SetUp string
	// Process is how the test process exited; nil when it did not, or when its
	// exit does not concern this cell.
	Process *protocol.Exit
	// Result is the test's own result; empty until it has one.
	Result outcome.Verdict
	// Outcome, Kind and Detail are what the test recorded.
	Outcome outcome.Outcome
	Kind    outcome.Kind
	Detail  string
	// Output is what the test printed.
	Output string
	Policy outcome.Policy

	// Restored is set when the VM was restored from a template.
	Restored bool
	// Confirm is set when an earlier attempt at the cell was doubted.
	Confirm bool

	parsed *[]console.Event
}

// Overdue is a deadline that passed.
type Overdue struct {
	// For names what did not happen in time, for the detail.
	For   string
	Limit time.Duration
	// CPU is the processor time that QEMU used; before the agent's hello only.
	CPU time.Duration
	// Answers is set when the agent still answers a ping.
	Answers bool
}

// Decision is what follows from evidence.
type Decision struct {
	Verdict outcome.Verdict
	// Kind is the test's, corrected where it failed for more than its outcome.
	Kind   outcome.Kind
	Detail string // one sentence
	// Doubted is what an infra verdict would be if it were not doubted: another
	// attempt has to confirm it. Else empty.
	Doubted outcome.Verdict
	// Console is the part of the kernel log that shows it; empty for the
	// cell's own part.
	Console string
}

// rule is one row of the table.
type rule struct {
	// row is the row's first column in docs/architecture.md, verbatim.
	row   string
	apply func(*Evidence) (Decision, bool)
}

// rules are in the order of their precedence: the first that applies decides.
var rules = []rule{
	{"QEMU did not start, was killed, or ended without the guest's doing; a broken control channel on a running VM; a protocol violation; the agent died", labFault},
	{"the test reports that its set-up failed", setUpFailed},
	{"no hello from the agent before the boot deadline, or the VM ended before it", bootFailed},
	{"panic, oops or memory corruption in the cell's part of the kernel log; the VM ended without a word, twice", crashed},
	{"no result before the cell's deadline; silence and no answer to a ping, twice", hung},
	{"the test process was killed by a signal, or ended with a status other than 0, without a result", processDied},
	{"the test process ended with status 0 without a result", noResult},
	{"the test passed, but the kernel logged a warning, a sanitizer report, a lockup, a hung task or a filesystem error", passedButLogged},
	{"a module, mkfs tool, kernel option or feature is missing; the mount was refused; the profile excludes the kernel", cannotRun},
	{"a characterisation recorded an outcome", characterised},
	{"anything else", ownResult},
}

// Decide gives the verdict. It depends on nothing but the evidence.
func Decide(e Evidence) Decision {
	for _, r := range rules {
		if d, ok := r.apply(&e); ok {
			return doubted(&e, d)
		}
	}
	return Decision{Verdict: outcome.Infra, Kind: e.Kind, Detail: "nothing was observed"}
}

// Termination is why a VM terminated, or a step before its first cell failed.
type Termination struct {
	Verdict outcome.Verdict `json:"verdict"`
	Detail  string          `json:"detail"`            // one sentence
	Console string          `json:"console,omitempty"` // excerpt of the kernel log
	// Doubted is as in Decision.
	Doubted outcome.Verdict `json:"doubted,omitempty"`
}

func (t *Termination) Error() string { return string(t.Verdict) + ": " + t.Detail }

// Terminated gives the verdict on evidence that concerns more than one cell.
func Terminated(e Evidence) *Termination {
	d := Decide(e)
	return &Termination{Verdict: d.Verdict, Detail: d.Detail, Console: d.Console, Doubted: d.Doubted}
}

// Faultf is a termination by the lab's own fault.
func Faultf(format string, a ...any) *Termination {
	return Terminated(Evidence{Fault: fmt.Sprintf(format, a...)})
}

// Unable is a termination because the kernel or the host cannot run the cell.
func Unable(why string) *Termination { return Terminated(Evidence{Unable: why}) }
