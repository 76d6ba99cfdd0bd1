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
