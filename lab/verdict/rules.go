package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/outcome"
)

// events are what the kernel log reports, parsed once.
func (e *Evidence) events() []console.Event {
	if len(e.Events) > 0 {
		return e.Events
	}
	if e.parsed == nil {
		var events []console.Event
		if e.Log != "" {
			events = console.Parse([]byte(e.Log))
		}
		e.parsed = &events
	}
	return *e.parsed
}

// labFault covers everything for which the kernel is not to blame.
func labFault(e *Evidence) (Decision, bool) {
	if e.Fault != "" {
		return Decision{Verdict: outcome.Infra, Kind: e.Kind, Detail: e.Fault}, true
	}
	if e.Exit == nil {
		return Decision{}, false
	}
	d := Decision{Verdict: outcome.Infra, Kind: e.Kind, Console: logTail(e.Log)}
	if _, crashed := console.Fatal(e.events()); !crashed {
		switch last := firstOf(e.events(), console.InitDied, console.NoRoot); {
		case last == nil:
		case last.Kind == console.InitDied: // PID 1 is the agent; who killed it is not known
			d.Detail = fmt.Sprintf("the agent died %s: %s", e.When, last.Title)
			return d, true
		default:
			d.Detail = "the kernel did not accept the initramfs: " + last.Title
			return d, true
		}
	}
	if !e.Exit.ByGuest() {
		d.Detail = fmt.Sprintf("QEMU ended %s without the guest's doing: %s", e.When, e.Exit)
		return d, true
	}
	return Decision{}, false
}

func setUpFailed(e *Evidence) (Decision, bool) {
	return Decision{Verdict: outcome.Infra, Kind: e.Kind, Detail: "set-up failed: " + e.SetUp}, e.SetUp != ""
}

// minBootCPU is the processor time below which a VM that printed nothing may
// never have been scheduled by the host.
const minBootCPU = time.Second

// bootFailed covers a kernel that did not reach the agent. Setting up shares
// the boot's deadline, but a VM that dies there crashed: its kernel was up.
func bootFailed(e *Evidence) (Decision, bool) {
	d := Decision{Verdict: outcome.BootFail, Kind: e.Kind}
	switch {
	case e.Overdue != nil && (e.Phase == Booting || e.Phase == SettingUp):
		if e.Log == "" && e.Overdue.CPU < minBootCPU {
			d.Verdict = outcome.Infra
			d.Detail = fmt.Sprintf("QEMU used %s of processor time in %s and printed nothing", e.Overdue.CPU.Round(time.Millisecond), e.Overdue.Limit)
			return d, true
		}
		d.Detail = fmt.Sprintf("%s did not end within %s", e.Overdue.For, e.Overdue.Limit)
		if fatal, ok := console.Fatal(e.events()); ok {
			d.Detail += ": " + fatal.Title
		} else if last := LastLine(e.Log); last != "" {
			d.Detail += "; the last line of the kernel was: " + last
		}
		d.Console = logTail(e.Log)
		return d, true
	case e.Exit != nil && e.Phase == Booting:
		d.Detail, d.Console = e.death()
		return d, true
	}
	return d, false
}

func crashed(e *Evidence) (Decision, bool) {
	_, fatal := console.Fatal(e.events())
	if !fatal && e.Exit == nil {
		return Decision{}, false
	}
	d := Decision{Verdict: outcome.Crash, Kind: e.Kind}
	d.Detail, d.Console = e.death()
	return d, true
}

// death describes how the kernel died: its own report, or the lack of one.
func (e *Evidence) death() (detail, log string) {
	if fatal, ok := console.Fatal(e.events()); ok {
		return fatal.Title, strings.Join(fatal.Excerpt, "\n")
	}
	return fmt.Sprintf("the VM ended %s without a word in the kernel log (%s)", e.When, e.Exit.Reason), logTail(e.Log)
}

func hung(e *Evidence) (Decision, bool) {
	if e.Overdue == nil {
		return Decision{}, false
	}
	detail := fmt.Sprintf("no result within %s; the agent still answers", e.Overdue.Limit)
	if !e.Overdue.Answers {
		detail = "the VM is silent and the agent does not answer either"
	}
	if held := firstOf(e.events(), console.HungTask, console.Lockup); held != nil {
		detail += "; " + held.Title
	}
	return Decision{Verdict: outcome.Hang, Kind: e.Kind, Detail: detail}, true
}

func processDied(e *Evidence) (Decision, bool) {
	if e.Process == nil || e.Result != "" || e.Process.Code == 0 && e.Process.Signal == "" {
		return Decision{}, false
	}
	return Decision{Verdict: outcome.Fail, Kind: e.Kind, Detail: DescribeExit(e.Process) + e.whyProcessDied()}, true
}

func noResult(e *Evidence) (Decision, bool) {
	return Decision{Verdict: outcome.Infra, Kind: e.Kind, Detail: "the test process ended with status 0 without a result for this test"},
		e.Process != nil && e.Result == ""
}

// passedButLogged covers a test that passed while the kernel logged a problem.
func passedButLogged(e *Evidence) (Decision, bool) {
	logged := e.complaint()
	if d := e.testVerdict(); logged == nil || d.Verdict != outcome.Pass {
		return Decision{}, false
	}
	return Decision{Verdict: outcome.Fail, Kind: outcome.Invariant, Detail: e.withComplaint(e.Detail), Console: e.lost(logged)}, true
}

func cannotRun(e *Evidence) (Decision, bool) {
	return Decision{Verdict: outcome.Skip, Kind: e.Kind, Detail: e.Unable, Console: e.UnableLog}, e.Unable != ""
}

func characterised(e *Evidence) (Decision, bool) {
	d := e.testVerdict()
	d.Detail = e.withComplaint(d.Detail)
	return d, e.Result != "" && e.isCharacterisation()
}

func ownResult(e *Evidence) (Decision, bool) {
	d := e.testVerdict()
	d.Detail = e.withComplaint(d.Detail)
	return d, e.Result != ""
}

func (e *Evidence) isCharacterisation() bool {
	return e.Outcome != outcome.None && e.Kind == outcome.Characterisation
}

// testVerdict is the test's own result, under the policy.
func (e *Evidence) testVerdict() Decision {
	d := Decision{Verdict: e.Result, Kind: e.Kind, Detail: e.Detail}
	if d.Detail == "" && e.Result != outcome.Pass {
		d.Detail = testLog(e.Output)
	}
	if e.isCharacterisation() {
		switch accepted := e.Policy.Accepts(e.Outcome); {
		case e.Result == outcome.Pass && !accepted:
			d.Verdict = outcome.Fail
		case e.Result == outcome.Fail && accepted:
			// Something other than its outcome failed, which no policy accepts.
			d.Kind = outcome.Invariant
		}
	}
	return d
}

// complaint is a problem that the kernel logged and survived.
func (e *Evidence) complaint() *console.Event {
	return firstOf(e.events(), console.Warning, console.Sanitizer, console.Lockup, console.HungTask, console.FSError)
}

// lost is the excerpt of an event in the middle of a log that has lost it.
func (e *Evidence) lost(event *console.Event) string {
	if len(event.Excerpt) == 0 || strings.Contains(e.Log, event.Excerpt[0]) {
		return ""
	}
	return strings.Join(event.Excerpt, "\n")
}

func (e *Evidence) withComplaint(detail string) string {
	if logged := e.complaint(); logged != nil {
		return strings.TrimPrefix(detail+"; kernel log: "+logged.Title, "; ")
	}
	return detail
}
