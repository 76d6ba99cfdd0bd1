package verdict

import (
	"fmt"

	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/outcome"
)

// doubted turns a verdict that the lab or the host may have caused into infra.
// The verdict counts once it is observed again: in a booted VM, or in another
// attempt.
func doubted(e *Evidence, d Decision) Decision {
	reason := ""
	switch {
	case e.Restored && e.maybeRestore(d):
		reason = "in a restored VM, to be confirmed in a booted one"
	case !e.Confirm && e.silentEnd(d):
		reason = "to be confirmed in another VM"
	case !e.Confirm && e.maybeBusyHost(d):
		reason = "possibly due to a busy host, to be confirmed by another attempt"
	default:
		return d
	}
	d.Doubted, d.Detail = d.Verdict, fmt.Sprintf("%s %s: %s", d.Verdict, reason, d.Detail)
	d.Verdict = outcome.Infra
	return d
}

// silentEnd reports a VM that ended, or stopped, without a report in its log. A
// kernel that crashes says so, unless it faults while it handles a fault; a virtual
// machine that a hypervisor resets, or does not wake, does not. Under nested KVM, 2
// of 420 shared VMs ended that way and 1 of 95 stopped, in cells that pass otherwise.
func (e *Evidence) silentEnd(d Decision) bool {
	switch d.Verdict {
	case outcome.Crash, outcome.BootFail:
		_, fatal := console.Fatal(e.events())
		return e.Exit != nil && !fatal
	case outcome.Hang:
		return !e.Overdue.Answers && len(e.events()) == 0
	}
	return false
}

// maybeRestore reports verdicts that a faulty restore could cause. Among the
// first few thousand VMs one kernel died with an EFLAGS value that no
// instruction can produce: QEMU before 8.0 computes the flags of CMPXCHG16B
// wrongly.
func (e *Evidence) maybeRestore(d Decision) bool {
	switch d.Verdict {
	case outcome.Crash, outcome.Hang:
		return true
	case outcome.Fail:
		return e.Result == "" // the process died
	}
	return false
}

// maybeBusyHost reports a test that passed while the kernel logged a hung task
// or a lockup and nothing else. A host with busy disks or processors causes
// that too: an fsync took 21 s while other VMs read gigabytes of templates.
func (e *Evidence) maybeBusyHost(d Decision) bool {
	if e.Result != outcome.Pass || d.Verdict != outcome.Fail || d.Kind != outcome.Invariant {
		return false
	}
	return firstOf(e.events(), console.Lockup, console.HungTask) != nil &&
		firstOf(e.events(), console.Warning, console.Sanitizer, console.FSError) == nil
}
