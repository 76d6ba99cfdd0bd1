package bisect

import "math/bits"

// State is how far a search is: the bracket in which the change is, and what is
// tried.
type State struct {
	// Good is the last subject known to be good, Bad the first known to be bad.
	Good string `json:"good"`
	Bad  string `json:"bad"`
	// Between is the number of undecided subjects between them.
	Between int `json:"between"`
	// Step counts the subjects, from 1, of about Steps.
	Step  int `json:"step"`
	Steps int `json:"steps"`
	// Sureness is Judge.Sureness.
	Sureness float64 `json:"sureness"`
	// Subject is tried now, and was Tried times so far; as good it counts after
	// Need attempts.
	Subject string `json:"subject"`
	Tried   int    `json:"tried"`
	Need    int    `json:"need"`
	// Low and High are where Good and Bad are on the way from the good end to the
	// bad one, and At where Subject is: 0 to 1, or -1 for unknown.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	At   float64 `json:"at"`
}

// bracket is the part of the state that a search keeps up to date.
type bracket struct {
	good, bad string
	between   int
	steps     int // about how many more subjects have to be decided
	low, high float64
	at        func(subject string) float64 // nil: in the middle
}

// stepsFor is how many decisions it takes to halve n subjects until none is
// left.
func stepsFor(n int) int { return bits.Len(uint(max(n, 0))) }

// State is the state of the search while a subject is tried.
func (j *Judge) State(subject string) State {
	b := j.bracket
	s := State{
		Good: b.good, Bad: b.bad, Between: b.between, Step: len(j.reported) + 1, Steps: len(j.reported) + max(b.steps, 1),
		Subject: subject, Tried: j.Journal.Tally(subject).Tries(), Low: b.low, High: b.high, At: -1,
	}
	if j.Journal.detection.Tries > 0 { // else the ends are tried
		s.Sureness, s.Need = j.Sureness(), j.need()
		s.At = (b.low + b.high) / 2
	}
	if b.at != nil {
		s.At = b.at(subject)
	}
	return s
}

// Decided is the number of subjects that were decided, of about how many.
func (j *Judge) Decided() (n, about int) { return len(j.reported), len(j.reported) + j.bracket.steps }

// observe reports what is tried next. Where somebody watches, so may others, who
// only read the journal.
func (j *Judge) observe(subject string) error {
	s := j.State(subject)
	j.Journal.record.State = &s
	if j.OnState == nil {
		return nil
	}
	j.OnState(s)
	return j.Journal.save()
}
