package bisect

import (
	"fmt"
	"strings"
)

// NoChangeError says that the bad end shows nothing that the good end does not.
type NoChangeError struct {
	Good, Bad           string
	GoodTally, BadTally Tally
	Terms               Terms // zero where none were given
	Below               float64
	Confidence          float64
}

func (e *NoChangeError) Error() string {
	what := "no change"
	if e.Terms != (Terms{}) {
		what = "no change " + e.Terms.String()
	}
	return fmt.Sprintf("%s between %s (%s) and %s (%s); one that shows in fewer than %.1f %% of attempts could have been missed (confidence %g)",
		what, e.Good, e.GoodTally, e.Bad, e.BadTally, 100*e.Below, e.Confidence)
}

// SwappedError says that the ends are the wrong way round.
type SwappedError struct {
	Good, Bad           string
	GoodTally, BadTally Tally
	Terms               Terms
	Given               bool // the terms were
}

func (e *SwappedError) Error() string {
	s := fmt.Sprintf("good and bad are swapped: %s, called good, shows %s, and %s, called bad, shows %s: use --good %s --bad %s",
		e.Good, e.GoodTally, e.Bad, e.BadTally, e.Bad, e.Good)
	if !e.Given {
		s += fmt.Sprintf(", or --term %s where the change is what you look for", e.Terms)
	}
	return s
}

// UnsteadyEndError says that the good end is none: it shows the bad mark too,
// or never the good one.
type UnsteadyEndError struct {
	Subject string
	Terms   Terms
	Tally   Tally
}

func (e *UnsteadyEndError) Error() string {
	if e.Tally.Of(e.Terms.Bad) == 0 {
		return fmt.Sprintf("%s, called good, does not show %s but %s: name another good kernel, or other --term", e.Subject, e.Terms.Good, e.Tally)
	}
	return fmt.Sprintf("%s, called good, shows %s too (%s): name a good kernel that never does, or --term for what differs", e.Subject, e.Terms.Bad, e.Tally)
}

// SeveralError says that one boundary does not explain what the samples show.
type SeveralError struct {
	Samples []Point
	Terms   Terms
}

func (e *SeveralError) Error() string {
	var parts []string
	for _, p := range e.Samples {
		parts = append(parts, fmt.Sprintf("%s %s", p.Subject, p.Side))
	}
	return fmt.Sprintf("no single boundary of %s explains what was seen: %s", e.Terms, strings.Join(parts, ", "))
}

// ContradictionError says that a subject, tried once more, does not show what
// it was found to be.
type ContradictionError struct {
	Subject string
	Side    Side
	Before  Tally // what it was decided by
	Tally   Tally // with what it showed since
}

func (e *ContradictionError) Error() string {
	if e.Before == nil {
		return fmt.Sprintf("%s should be %s and is not (%s): no single change explains this history", e.Subject, e.Side, e.Tally)
	}
	return fmt.Sprintf("%s was found to be %s (%s), and tried once more it is not (%s in all): the cell is less steady than it seemed; raise --confidence or --tries", e.Subject, e.Side, e.Before, e.Tally)
}

// EndError says that an end of a search cannot be tried at all.
type EndError struct {
	Subject string
	Side    Side
	Reason  string
}

func (e *EndError) Error() string {
	return fmt.Sprintf("%s, called %s, cannot be tried: %s; name another", e.Subject, e.Side, e.Reason)
}

// SameEndsError says that good and bad are one commit.
type SameEndsError struct{ ID string }

func (e *SameEndsError) Error() string {
	return fmt.Sprintf("good and bad are both commit %s: there is nothing between them", e.ID)
}

// MergeBaseError says that the commit from which the two ends branched off
// shows the bad end's outcome already: it is the good end's branch that
// changed.
type MergeBaseError struct {
	Base           Commit
	Earlier, Later string // what the ends show
}

func (e *MergeBaseError) Error() string {
	return fmt.Sprintf("the ends are on two branches, and %s, from which both come, shows %s already: the change to %s is on the other branch; bisect from %s there",
		e.Base.Short(), e.Later, e.Earlier, e.Base.Short())
}

// SameCodeError says that a commit cannot be to blame: it builds the very
// kernel that its parent builds.
type SameCodeError struct {
	Commit Commit
	Parent string
}

func (e *SameCodeError) Error() string {
	return fmt.Sprintf("the search came to commit %s (%s), but that builds the same kernel as its parent %s, so it cannot be to blame: the outcome depends on something else; look at the cell's steadiness, and at how the kernel is configured",
		e.Commit.Short(), e.Commit.Subject, e.Parent[:min(12, len(e.Parent))])
}

// MovedError says that a word of the question, such as a branch, means another
// thing than when the search began.
type MovedError struct{ Word, Was, Is string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%s was %s when this bisection began and is %s now: begin anew with --fresh, or name %s", e.Word, e.Was, e.Is, e.Was)
}
