// Package outcome defines the lab's verdict vocabulary: what a kernel did
// (Outcome), which outcomes a run accepts (Policy), and the result of a cell
// (Verdict). Guest and host share it, so it imports nothing from this module and
// does no I/O.
package outcome

import (
	"fmt"
	"strings"
)

// Outcome classifies what the reader of spliced data received. The empty Outcome
// means that the test recorded none.
type Outcome string

// The outcomes, best first; see docs/semantics.md for their definitions.
const (
	None          Outcome = ""
	Snapshot      Outcome = "snapshot"       // the value at splice time
	Live          Outcome = "live"           // a later value of the same offset
	Zeroed        Outcome = "zeroed"         // zero, and the file is zero there
	Torn          Outcome = "torn"           // a mixture of generations
	Blocked       Outcome = "blocked"        // nothing until drained, or EBUSY
	Dropped       Outcome = "dropped"        // dropped by an integrity check
	Error         Outcome = "error"          // an errno, named in the detail
	Short         Outcome = "short"          // fewer bytes than the returned count
	Extra         Outcome = "extra"          // more bytes than the returned count
	PhantomZero   Outcome = "phantom-zero"   // zero, which the file never had there
	Moved         Outcome = "moved"          // bytes from another offset
	Stale         Outcome = "stale"          // older than a read before the splice
	ConsumerWrite Outcome = "consumer-write" // the consumer changed the source
	Foreign       Outcome = "foreign"        // bytes of no known origin
)

// All lists every outcome from the best to the worst. If parts of one sample
// differ, the sample's outcome is the worst of them.
var All = []Outcome{Snapshot, Live, Zeroed, Torn, Blocked, Dropped, Error,
	Short, Extra, PhantomZero, Moved, Stale, ConsumerWrite, Foreign}

// Letter returns the one-letter form used in matrices: distinct for every
// outcome, and a space for None.
func (o Outcome) Letter() string {
	switch o {
	case None:
		return " "
	case Snapshot:
		return "S"
	case Live:
		return "L"
	case Zeroed:
		return "Z"
	case Torn:
		return "T"
	case Blocked:
		return "B"
	case Dropped:
		return "D"
	case Error:
		return "E"
	case Short:
		return "<"
	case Extra:
		return ">"
	case PhantomZero:
		return "P"
	case Moved:
		return "M"
	case Stale:
		return "O"
	case ConsumerWrite:
		return "W"
	case Foreign:
		return "F"
	}
	return "?"
}

// Rank is the position of o in All: higher is worse. None ranks -1 and an
// unknown outcome ranks worst.
func (o Outcome) Rank() int {
	if o == None {
		return -1
	}
	if r, ok := ranks[o]; ok {
		return r
	}
	return len(All)
}

var ranks = func() map[Outcome]int {
	m := make(map[Outcome]int, len(All))
	for i, o := range All {
		m[o] = i
	}
	return m
}()

// Worst returns the worse of two outcomes.
func Worst(a, b Outcome) Outcome {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

// LegalSomewhere reports whether some policy accepts o. An outcome that no
// policy accepts fails an invariant on every kernel.
func (o Outcome) LegalSomewhere() bool {
	switch o {
	case Snapshot, Live, Zeroed, Torn, Blocked, Dropped, Error:
		return true
	}
	return false
}

// Kind determines how a test's outcome becomes a verdict.
type Kind string

const (
	// Invariant tests fail on outcomes that no policy accepts; the run's policy
	// does not change their verdict.
	Invariant Kind = "invariant"
	// Characterisation tests record an outcome, which the policy judges.
	Characterisation Kind = "characterisation"
)

// Policy determines which outcomes a run accepts.
type Policy string

const (
	// PolicyAlias is today's documented behaviour: a pipe may show later
	// changes to the file, but nothing that the file never contained.
	PolicyAlias Policy = "alias"
	// PolicySnapshot is the strict policy, the expectation of the report of
	// 2023: a pipe keeps the file's content at the time of the splice.
	PolicySnapshot Policy = "snapshot"
)

// DefaultPolicy is that of a run that names none. Every kernel of today aliases
// the page cache: judged by PolicySnapshot, that would hide what is news.
const DefaultPolicy = PolicyAlias

// Policies lists the policies in help-text order.
var Policies = []Policy{PolicyAlias, PolicySnapshot}

// ParsePolicy returns the policy called s; the error names the known ones.
func ParsePolicy(s string) (Policy, error) {
	names := make([]string, 0, len(Policies))
	for _, p := range Policies {
		if string(p) == s {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("unknown policy %q: use %s", s, strings.Join(names, " or "))
}

// Accepts reports whether a characterisation with outcome o passes under p.
func (p Policy) Accepts(o Outcome) bool {
	if p == PolicyAlias {
		return o.LegalSomewhere() && o != Blocked
	}
	return o == Snapshot
}

// Verdict is the result of one attempt at a cell, or of the cell as a whole.
type Verdict string

const (
	Pass     Verdict = "pass"
	Fail     Verdict = "fail"
	Skip     Verdict = "skip"      // a precondition is missing; the detail names it
	Crash    Verdict = "crash"     // the kernel died or oopsed
	Hang     Verdict = "hang"      // not finished before the deadline
	BootFail Verdict = "boot-fail" // the kernel never started the agent
	Infra    Verdict = "infra"     // a failure of the lab, not of the kernel
)

// Verdicts lists every verdict in report order.
var Verdicts = []Verdict{Pass, Fail, Skip, Crash, Hang, BootFail, Infra}

// Bad reports whether v makes a run fail with exit code 1: the kernel misbehaved.
// Infra is not included: it is a failure of the lab.
func (v Verdict) Bad() bool {
	return v == Fail || v == Crash || v == Hang || v == BootFail
}

// Under re-evaluates verdict v of a characterisation with outcome o under policy
// p; every other verdict is returned unchanged.
func (v Verdict) Under(p Policy, k Kind, o Outcome) Verdict {
	if k != Characterisation || o == None || (v != Pass && v != Fail) {
		return v
	}
	if p.Accepts(o) {
		return Pass
	}
	return Fail
}
