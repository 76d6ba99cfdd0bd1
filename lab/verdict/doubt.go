package verdict

import (
	"fmt"

	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/outcome"
)

// doubted makes an attempt infra whose verdict could be the lab's or the
// host's doing. The verdict counts once it was observed again: in a booted VM,
// or in another attempt.
func doubted(e *Evidence, d Decision) Decision {
	switch {
	case e.Restored && e.byRestoring(d):
		d.Detail = fmt.Sprintf("%s in a restored VM, which a booted one has to confirm: %s", d.Verdict, d.Detail)
		d.Verdict = outcome.Infra
	case !e.Confirm && e.heldUp(d):
		d.Detail = "held up, perhaps by a busy host, which another attempt has to confirm: " + d.Detail
		d.Verdict = outcome.Infra
	}
	return d
}

// byRestoring reports verdicts that a fault of restoring could cause. Once in
// the first few thousand VMs a kernel died with an EFLAGS that no instruction
// can make: QEMU before 8.0 computes the flags of CMPXCHG16B wrongly.
func (e *Evidence) byRestoring(d Decision) bool {
	switch d.Verdict {
	case outcome.Crash, outcome.Hang:
		return true
	case outcome.Fail:
		return e.Result == "" // the process died
	}
	return false
}

// heldUp reports a test that passed while the kernel found a task or a
// processor stuck, and nothing else wrong. A host with busy disks or
// processors causes that too: an fsync took 21 s while others read gigabytes
// of templates.
func (e *Evidence) heldUp(d Decision) bool {
	if e.Result != outcome.Pass || d.Verdict != outcome.Fail || d.Kind != outcome.Invariant {
		return false
	}
	return firstOf(e.events(), console.Lockup, console.HungTask) != nil &&
		firstOf(e.events(), console.Warning, console.Sanitizer, console.FSError) == nil
}
