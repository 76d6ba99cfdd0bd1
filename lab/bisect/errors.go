package bisect

import (
	"fmt"
	"strings"
)

// NoChangeError reports that the bad end shows nothing that the good end does not.
type NoChangeError struct {
	Good, Bad           string
	GoodTally, BadTally Tally
	Terms               Terms // zero if none were given
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

// SwappedError reports that the good and the bad end are swapped.
type SwappedError struct {
	Good, Bad           string
	GoodTally, BadTally Tally
	Terms               Terms
	Given               bool // the terms were
}

func (e *SwappedError) Error() string {
	return fmt.Sprintf("good and bad are swapped: %s, the good end, shows %s, and %s, the bad end, shows %s", e.Good, e.GoodTally, e.Bad, e.BadTally)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*SwappedError) BadInput() {}

// UnsteadyEndError reports an unusable good end: it shows the bad mark too, or
// never the good one.
type UnsteadyEndError struct {
	Subject string
	Terms   Terms
	Tally   Tally
}

func (e *UnsteadyEndError) Error() string {
	if e.Tally.Of(e.Terms.Bad) == 0 {
		return fmt.Sprintf("%s, the good end, does not show %s but %s", e.Subject, e.Terms.Good, e.Tally)
	}
	return fmt.Sprintf("%s, the good end, shows %s too (%s)", e.Subject, e.Terms.Bad, e.Tally)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*UnsteadyEndError) BadInput() {}

// SeveralError reports that no single boundary explains the samples.
type SeveralError struct {
	Samples []Point
	Terms   Terms
}

func (e *SeveralError) Error() string {
	var parts []string
	for _, p := range e.Samples {
		parts = append(parts, fmt.Sprintf("%s %s", p.Subject, p.Side))
	}
	return fmt.Sprintf("no single boundary of %s explains the results: %s", e.Terms, strings.Join(parts, ", "))
}

// ContradictionError reports a subject that, when tried again, does not show
// the side on which it was found.
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
	return fmt.Sprintf("%s was found to be %s (%s), and when tried again it was not (%s in all): the cell is flakier than it seemed", e.Subject, e.Side, e.Before, e.Tally)
}

// EndError reports an end of a search that cannot be tried at all.
type EndError struct {
	Subject string
	Side    Side
	Reason  string
}

func (e *EndError) Error() string {
	return fmt.Sprintf("%s, the %s end, cannot be tried: %s; name another", e.Subject, e.Side, e.Reason)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*EndError) BadInput() {}

// SameEndsError reports that good and bad are the same commit.
type SameEndsError struct{ ID string }

func (e *SameEndsError) Error() string {
	return fmt.Sprintf("good and bad are both commit %s: there is nothing between them", e.ID)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*SameEndsError) BadInput() {}

// MergeBaseError reports that the merge base of the two ends already shows the
// later end's outcome: the change is on the other branch.
type MergeBaseError struct {
	Base           Commit
	Earlier, Later string // what the ends show
}

func (e *MergeBaseError) Error() string {
	return fmt.Sprintf("the ends are on two branches, and their merge base %s already shows %s: the change to %s is on the other branch; bisect from %s there",
		e.Base.Short(), e.Later, e.Earlier, e.Base.Short())
}

// SameCodeError reports that the commit found cannot be the culprit: it builds
// the same kernel as its parent.
type SameCodeError struct {
	Commit Commit
	Parent string
}

func (e *SameCodeError) Error() string {
	return fmt.Sprintf("the search ended at commit %s (%s), but that builds the same kernel as its parent %s, so it cannot be to blame: the outcome depends on something else; check whether the cell is flaky, and how the kernel is configured",
		e.Commit.Short(), e.Commit.Subject, e.Parent[:min(12, len(e.Parent))])
}

// MovedError reports that a name in the query, such as a branch, no longer
// resolves to what it did when the search began.
type MovedError struct{ Word, Was, Is string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("%s was %s when this bisection began and is %s now", e.Word, e.Was, e.Is)
}

// BadInput marks an error that the user has to correct: the lab did not fail.
func (*MovedError) BadInput() {}
