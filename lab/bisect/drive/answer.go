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
	// Write shows it to people.
	Write(w io.Writer, colour bool)
	// JSON is the document for machines.
	JSON() any
	// Found says that there is a change, and that the search has found it.
	Found() bool
}

// finish shows an answer, and then finishes the journal: a search whose answer
// nobody has seen can be continued.
func (s *driver) finish(a Answer, show func(Answer) error) error {
	if err := show(a); err != nil {
		return err
	}
	return s.journal.Finish()
}

// Summary is what every answer of a search has.
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

// writeSureness says how sure an answer is, rounded down: what is said to be
// certain has to be.
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
