package drive

import (
	"fmt"
	"io"
	"math"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/lab/bisect"
)

// Answer is the result of a search.
type Answer interface {
	// Write prints it for people.
	Write(w io.Writer, colour bool)
	// JSON is the document for machines.
	JSON() any
	// Found reports whether the search found a change.
	Found() bool
}

// finish shows an answer and then finishes the journal, so that a search whose
// answer could not be shown can be resumed.
func (s *driver) finish(a Answer, show func(Answer) error) error {
	if err := show(a); err != nil {
		return err
	}
	return s.journal.Finish()
}

// Summary is the part that all answers have in common.
type Summary struct {
	Test        string       `json:"test"`
	Filesystem  string       `json:"fs"`
	Terms       bisect.Terms `json:"terms"`
	Found       bool         `json:"found"`
	Reason      string       `json:"reason"` // why nothing was found
	Probability float64      `json:"probability"`
	BadTries    int          `json:"bad_tries"`
	BadSeen     int          `json:"bad_seen"`
}

func (s *driver) summary(j *bisect.Judge, none error) Summary {
	d := j.Detection()
	out := Summary{Test: s.test, Filesystem: s.tests.Profiles[0].Name, Terms: s.journal.Terms(), Found: none == nil, BadTries: d.Tries, BadSeen: d.Bad}
	if none != nil {
		out.Reason = none.Error()
	} else {
		out.Probability = j.Sureness()
	}
	return out
}

// writeSureness prints the confidence of an answer, rounded down so that it is
// never overstated.
func writeSureness(w io.Writer, j *bisect.Judge) {
	d := j.Detection()
	fmt.Fprintf(w, "right with a probability of at least %.4f; the bad end shows it in %d of %d tries\n", math.Floor(j.Sureness()*1e4)/1e4, d.Bad, d.Tries)
}

// showTally is what a subject showed, or why it was not tried.
func (s *driver) showTally(subject string) string {
	if u := s.journal.Untestable(subject); u != "" {
		return sanitize.Line(u)
	}
	return s.journal.Tally(subject).String()
}
