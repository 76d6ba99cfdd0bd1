package outcome

// Class tells a violation from what only some policy forbids. It depends on the
// outcome, not on the policy of a run: the same cell has the same class in every
// report.
type Class string

// The classes, best first.
const (
	// Passes is a cell that every policy accepts, but for those that require the
	// kernel to block.
	Passes Class = "pass"
	// Deviates is a cell that one policy accepts and another one forbids, such as
	// an alias of the page cache.
	Deviates Class = "deviates"
	// Violates is a cell that every policy forbids: an illegal outcome, a failed
	// invariant, a crash, a hang, a kernel that does not boot.
	Violates Class = "violation"
	// Skips is a cell that lacks a precondition.
	Skips Class = "skip"
	// Undecided is a cell about which the lab learned nothing.
	Undecided Class = "infra"
)

// Classes lists every class in report order.
var Classes = []Class{Violates, Deviates, Passes, Skips, Undecided}

// Class classifies verdict v of a test of kind k with outcome o.
func (v Verdict) Class(k Kind, o Outcome) Class {
	switch v {
	case Skip:
		return Skips
	case Infra:
		return Undecided
	case Pass, Fail:
	default:
		return Violates
	}
	switch {
	case k == Characterisation && o.Deviates():
		return Deviates
	case v == Pass:
		return Passes
	}
	return Violates
}

// Deviates reports whether policies disagree about o.
func (o Outcome) Deviates() bool { return o.LegalSomewhere() && o != Snapshot }
