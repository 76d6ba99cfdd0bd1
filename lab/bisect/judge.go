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
	// Like a commit that git bisect skips, it says nothing.
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

// MarshalText is the side in a word.
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

// The numbers of attempts that a search begins with.
const (
	// firstLook is how often each end is tried before their marks are compared.
	firstLook = 10
	// wantBad is how often the bad end has to show it before its rate is
	// taken for known.
	wantBad = 5
	// otherLook is how often a subject has to show something else, and never
	// the good mark, to be passed over.
	otherLook = 3
	// batch is the most attempts between two looks at what they showed.
	batch = 10
)

// Judge decides on which side of the change subjects lie.
//
// What it rests on: a good subject never shows the bad mark. So a single bad
// attempt settles a subject as bad, and a good one takes as many attempts as
// make it improbable enough that a bad one would have shown nothing. How often
// a bad one shows it is measured at the bad end.
type Judge struct {
	Trier Trier
	// Identify, if not nil, says what a subject really is, such as the digest
	// of the kernel that a commit builds. Subjects of one identity are one:
	// what one showed the other did. Like Try it may be an *UntestableError.
	Identify func(ctx context.Context, subject string) (string, error)
	// Journal contains the results so far, and records the next ones.
	Journal *Journal
	// Confidence is the probability with which the search shall be right,
	// above 0 and below 1.
	Confidence float64
	// Budget is the most attempts at one subject; at least 1.
	Budget int
	// Told is called for each subject that was decided; may be nil.
	Told func(subject string, side Side, t Tally)

	steps int // subjects that may have to be found good
	told  map[string]bool
}

// Begin tries both ends and settles the terms, unless the journal has them. steps
// is how many subjects the search may find to be good, over which the risk of
// being wrong is spread.
//
// The error is a *NoChangeError, *SwappedError, *UnsteadyEndError or *EndError where the
// ends do not make a search possible.
func (j *Judge) Begin(ctx context.Context, good, bad string, steps int) error {
	j.steps = max(steps, 1)
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
	// How often the bad end shows it.
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
	j.tell(bad, Bad)
	side, err := j.Side(ctx, good)
	switch {
	case err != nil:
		return err
	case side == Bad:
		return &UnsteadyEndError{Subject: good, Terms: terms, Tally: j.Journal.Tally(good)}
	}
	return nil
}

// upTo tries a subject until it was tried n times.
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

// try tries a subject and keeps what it showed.
func (j *Judge) try(ctx context.Context, subject string, n int) error {
	seen, err := j.Trier.Try(ctx, subject, n)
	if err != nil {
		return err
	}
	if len(seen) == 0 {
		return fmt.Errorf("%s: %d attempts came to no verdict, by the lab's own fault", subject, n)
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
	// What the bad end shows seldom may need more attempts to be seen.
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
		return j.tell(subject, Neither), j.Journal.save()
	}
	for {
		t := j.Journal.Tally(subject)
		good, tries := t.Of(terms.Good), t.Tries()
		var left int
		switch {
		case j.Journal.Untestable(subject) != "":
			return j.tell(subject, Neither), nil
		case t.Of(terms.Bad) > 0:
			return j.tell(subject, Bad), nil
		case good > 0 && tries >= need:
			return j.tell(subject, Good), nil
		case good == 0 && tries >= min(otherLook, j.Budget):
			return j.tell(subject, Neither), nil
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

// need is how many attempts show that a subject is good.
func (j *Judge) need() int {
	return j.Journal.detection.Need((1-j.Confidence)/float64(j.steps), j.Budget)
}

// identify records in the journal what a subject is.
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

// Verify tries a subject that was decided once more, in as many attempts as
// make a good one good. The error is a *ContradictionError where they do not
// show that it lies on that side.
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

func (j *Judge) tell(subject string, s Side) Side {
	if j.Told != nil && !j.told[subject] {
		if j.told == nil {
			j.told = map[string]bool{}
		}
		j.told[subject] = true
		j.Told(subject, s, j.Journal.Tally(subject))
	}
	return s
}

// Sureness is the least probability that all subjects found to be good are:
// what is left when the risks of having missed a bad one are added up.
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

// Detection is how often the bad end showed it, after Begin.
func (j *Judge) Detection() Detection { return j.Journal.detection }

// Steps is how many subjects a search over n of them may find to be good
// before it is down to two neighbours.
func Steps(n int) int {
	steps := 1 // the good end itself
	for n > 2 {
		n, steps = (n+1)/2, steps+1
	}
	return steps
}
