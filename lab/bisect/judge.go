package bisect

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Side is where a subject lies.
type Side int

const (
	// Neither: it shows neither of the two marks, or cannot be tried at all.
	// It is skipped, as by git bisect skip.
	Neither Side = iota
	Good
	Bad
)

// other is the opposite side; of Neither it is itself.
func (s Side) other() Side {
	switch s {
	case Good:
		return Bad
	case Bad:
		return Good
	}
	return s
}

// MarshalText returns String.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func (s Side) String() string {
	switch s {
	case Good:
		return "good"
	case Bad:
		return "bad"
	}
	return "neither"
}

// Trier tries a subject in n fresh VMs and returns what each attempt showed.
// Infra attempts are omitted. A subject that cannot be tried, such as a commit
// that does not build, is an *UntestableError; any other error ends the search.
type Trier interface {
	Try(ctx context.Context, subject string, n int) ([]Seen, error)
}

// UntestableError says why a subject cannot be tested.
type UntestableError struct{ Reason string }

func (e *UntestableError) Error() string { return e.Reason }

// Numbers of attempts.
const (
	// firstLook is how often each end is tried before their marks are compared.
	firstLook = 10
	// wantBad is how often the bad end has to show the bad mark before its rate
	// counts as known.
	wantBad = 5
	// otherLook is how often a subject has to show something else, and never
	// the good mark, to be skipped.
	otherLook = 3
	// batch is the maximum number of attempts between two evaluations.
	batch = 10
)

// Judge decides on which side of the change subjects lie.
//
// It assumes that a good subject never shows the bad mark. So a single bad
// attempt makes a subject bad. A subject is good after so many attempts that a
// bad one would very likely have shown the mark; how often a bad one does is
// measured at the bad end.
type Judge struct {
	Trier Trier
	// Identify, if not nil, returns a subject's identity, such as the digest of
	// the kernel that a commit builds. Subjects of one identity share their
	// results. Like Try it may return an *UntestableError.
	Identify func(ctx context.Context, subject string) (string, error)
	// Journal contains the results so far, and records the next ones.
	Journal *Journal
	// Confidence is the required probability that the search is right, above 0
	// and below 1.
	Confidence float64
	// Budget is the maximum number of attempts at one subject; at least 1.
	Budget int
	// OnDecision is called once for each subject that is decided; may be nil.
	OnDecision func(subject string, side Side, t Tally)
	// OnState is called before each attempts at a subject; may be nil.
	OnState func(State)

	bracket bracket
	// decided lets a search narrow its bracket before a decision is reported.
	decided  func(subject string, side Side)
	steps    int // subjects that may have to be found good
	reported map[string]bool
}

// Begin tries both ends and settles the terms, unless the journal has them.
// steps is how many subjects the search may find to be good; the risk of being
// wrong is divided among them.
//
// The error is a *NoChangeError, *SwappedError, *UnsteadyEndError or *EndError if
// these ends cannot be searched.
func (j *Judge) Begin(ctx context.Context, good, bad string, steps int) error {
	j.steps = max(steps, 1)
	j.bracket.good, j.bracket.bad = good, bad
	if j.bracket.steps == 0 {
		j.bracket.steps, j.bracket.high = steps+1, 1
	}
	for _, end := range []struct {
		subject string
		side    Side
	}{{bad, Bad}, {good, Good}} {
		err := j.identify(ctx, end.subject)
		if err == nil {
			err = j.upTo(ctx, end.subject, firstLook)
		}
		if none := (*UntestableError)(nil); errors.As(err, &none) {
			err = &EndError{end.subject, end.side, none.Reason}
		}
		if err != nil {
			return err
		}
	}
	if err := j.settleTerms(ctx, good, bad); err != nil {
		return err
	}
	terms := j.Journal.Terms()
	// Measure how often the bad end shows the bad mark.
	for {
		t := j.Journal.Tally(bad)
		if t.Of(terms.Bad) >= wantBad || t.Tries() >= j.Budget {
			break
		}
		if err := j.try(ctx, bad, min(batch, j.Budget-t.Tries())); err != nil {
			return err
		}
	}
	t := j.Journal.Tally(bad)
	j.Journal.detection = Detection{Bad: t.Of(terms.Bad), Tries: t.Tries()}
	j.report(bad, Bad)
	side, err := j.Side(ctx, good)
	switch {
	case err != nil:
		return err
	case side == Bad:
		return &UnsteadyEndError{Subject: good, Terms: terms, Tally: j.Journal.Tally(good)}
	}
	return nil
}

// upTo tries a subject until it has been tried n times.
func (j *Judge) upTo(ctx context.Context, subject string, n int) error {
	n = min(n, j.Budget)
	for {
		left := n - j.Journal.Tally(subject).Tries()
		if left <= 0 {
			return nil
		}
		if err := j.try(ctx, subject, min(left, batch)); err != nil {
			return err
		}
	}
}

// try tries a subject and records what it showed.
func (j *Judge) try(ctx context.Context, subject string, n int) error {
	if err := j.observe(subject); err != nil {
		return err
	}
	seen, err := j.Trier.Try(ctx, subject, n)
	if err != nil {
		return err
	}
	if len(seen) == 0 {
		return fmt.Errorf("%s: none of %d attempts got a verdict, through the lab's own faults", subject, n)
	}
	return j.Journal.Add(subject, seen)
}

// settleTerms finds the mark that the bad end shows and the good end does not,
// unless the terms were given.
func (j *Judge) settleTerms(ctx context.Context, good, bad string) error {
	g, b := j.Journal.Tally(good), j.Journal.Tally(bad)
	if terms := j.Journal.Terms(); terms != (Terms{}) {
		return j.checkTerms(ctx, terms, good, bad)
	}
	find := func() Mark {
		for _, m := range b.marks() {
			if g.Of(m) == 0 {
				return m
			}
		}
		return ""
	}
	// A mark that the bad end rarely shows may need more attempts.
	for find() == "" && b.Tries() < j.Budget {
		if err := j.try(ctx, bad, min(batch, j.Budget-b.Tries())); err != nil {
			return err
		}
		b = j.Journal.Tally(bad)
	}
	badMark := find()
	if badMark == "" {
		return &NoChangeError{Good: good, Bad: bad, GoodTally: g, BadTally: b, Below: rule(b.Tries(), j.Confidence), Confidence: j.Confidence}
	}
	terms := Terms{Good: g.marks()[0], Bad: badMark}
	if !g.passes(terms.Good) && b.passes(terms.Bad) {
		return &SwappedError{Good: good, Bad: bad, GoodTally: g, BadTally: b, Terms: terms}
	}
	return j.Journal.SetTerms(terms)
}

// checkTerms verifies that the ends show the given terms.
func (j *Judge) checkTerms(ctx context.Context, terms Terms, good, bad string) error {
	for {
		g, b := j.Journal.Tally(good), j.Journal.Tally(bad)
		switch {
		case b.Of(terms.Bad) > 0 && g.Of(terms.Good) > 0:
			return nil
		case b.Of(terms.Bad) == 0 && b.Of(terms.Good) > 0 && g.Of(terms.Good) == 0 && g.Of(terms.Bad) > 0:
			return &SwappedError{Good: good, Bad: bad, GoodTally: g, BadTally: b, Terms: terms, Given: true}
		case g.Of(terms.Good) == 0:
			return &UnsteadyEndError{Subject: good, Terms: terms, Tally: g}
		case b.Tries() >= j.Budget:
			return &NoChangeError{Good: good, Bad: bad, GoodTally: g, BadTally: b, Terms: terms, Below: rule(b.Tries(), j.Confidence), Confidence: j.Confidence}
		}
		if err := j.try(ctx, bad, min(batch, j.Budget-b.Tries())); err != nil {
			return err
		}
	}
}

// Side decides on which side a subject lies, after Begin.
func (j *Judge) Side(ctx context.Context, subject string) (Side, error) {
	terms := j.Journal.Terms()
	need := j.need()
	if err := j.identify(ctx, subject); err != nil {
		if !j.Journal.untestable(subject, err) {
			return Neither, err
		}
		return j.report(subject, Neither), j.Journal.save()
	}
	for {
		t := j.Journal.Tally(subject)
		good, tries := t.Of(terms.Good), t.Tries()
		var left int
		switch {
		case j.Journal.Untestable(subject) != "":
			return j.report(subject, Neither), nil
		case t.Of(terms.Bad) > 0:
			return j.report(subject, Bad), nil
		case good > 0 && tries >= need:
			return j.report(subject, Good), nil
		case good == 0 && tries >= min(otherLook, j.Budget):
			return j.report(subject, Neither), nil
		case good == 0:
			left = min(otherLook, j.Budget) - tries
			if tries == 0 {
				left = need
			}
		default:
			left = need - tries
		}
		if err := j.try(ctx, subject, min(left, batch)); err != nil {
			if !j.Journal.untestable(subject, err) {
				return Neither, err
			}
			if err := j.Journal.save(); err != nil {
				return Neither, err
			}
		}
	}
}

// need is the number of attempts after which a subject counts as good.
func (j *Judge) need() int {
	return j.Journal.detection.Need((1-j.Confidence)/float64(j.steps), j.Budget)
}

// identify records a subject's identity in the journal.
func (j *Judge) identify(ctx context.Context, subject string) error {
	if j.Identify == nil || j.Journal.Identity(subject) != subject || j.Journal.Untestable(subject) != "" {
		return nil
	}
	id, err := j.Identify(ctx, subject)
	if err != nil {
		return err
	}
	return j.Journal.setIdentity(subject, id)
}

// Verify tries a decided subject again, with as many attempts as a good one
// needs. The error is a *ContradictionError if they do not confirm its side.
func (j *Judge) Verify(ctx context.Context, subject string, side Side) error {
	terms := j.Journal.Terms()
	before, err := j.Journal.verifying(subject)
	if err != nil {
		return err
	}
	for {
		t := j.Journal.Tally(subject)
		bad, good := t.Of(terms.Bad)-before.Of(terms.Bad), t.Of(terms.Good)-before.Of(terms.Good)
		left := j.need() - (t.Tries() - before.Tries())
		switch {
		case side == Bad && bad > 0, side == Good && bad == 0 && good > 0 && left <= 0:
			return nil
		case side == Good && bad > 0, left <= 0:
			return &ContradictionError{Subject: subject, Side: side, Before: before, Tally: t}
		}
		if err := j.try(ctx, subject, min(left, batch)); err != nil {
			return err
		}
	}
}

func (j *Judge) report(subject string, s Side) Side {
	if j.reported[subject] {
		return s
	}
	if j.reported == nil {
		j.reported = map[string]bool{}
	}
	j.reported[subject] = true
	j.bracket.steps = max(0, j.bracket.steps-1)
	if j.decided != nil {
		j.decided(subject, s)
	}
	// What the decision leaves is written with the next attempts, or the answer.
	left := j.State("")
	left.Step, left.At = len(j.reported), -1
	j.Journal.record.State = &left
	if j.OnDecision != nil {
		j.OnDecision(subject, s, j.Journal.Tally(subject))
	}
	return s
}

// Sureness is a lower bound of the probability that all subjects found to be
// good are good: 1 minus the sum of the risks of having missed a bad one.
func (j *Judge) Sureness() float64 {
	terms := j.Journal.Terms()
	risk := 0.0
	for _, t := range j.Journal.record.Tallies {
		if t.Of(terms.Bad) == 0 && t.Of(terms.Good) > 0 {
			risk += j.Journal.detection.Miss(t.Tries())
		}
	}
	return math.Max(0, 1-risk)
}

// Detection is how often the bad end showed the bad mark, after Begin.
func (j *Judge) Detection() Detection { return j.Journal.detection }

// Steps is how many subjects a search over n of them may find to be good before
// only two neighbours are left.
func Steps(n int) int {
	steps := 1 // the good end itself
	for n > 2 {
		n, steps = (n+1)/2, steps+1
	}
	return steps
}
