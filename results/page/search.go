package page

import "github.com/splicelab/splicelab/internal/sanitize"

// Search is a bisection, as far as it is on disk: a search for the place between a
// good and a bad end where a cell's result changes.
type Search struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"` // packages, commits or config
	Test     string `json:"test"`
	FS       string `json:"fs"`
	Begun    string `json:"begun"`     // RFC 3339
	Changed  string `json:"changed"`   // RFC 3339: the last step
	Running  bool   `json:"running"`   // a process is searching
	Finished bool   `json:"finished"`  // it has an answer
	GoodMark string `json:"good_mark"` // what the good end shows, an outcome or a verdict; empty: not known yet
	BadMark  string `json:"bad_mark"`

	Good    string `json:"good"`    // the last good subject, a kernel's release or a commit
	Bad     string `json:"bad"`     // the first bad one
	Between int    `json:"between"` // undecided ones
	Step    int    `json:"step"`    // of about Steps, from 1
	Steps   int    `json:"steps"`
	// Confidence is the probability that all good ones are good, so far, of the
	// one that was asked for.
	Confidence float64 `json:"confidence"`
	Wanted     float64 `json:"wanted"`
	Subject    string  `json:"subject"` // what is tried now; empty: nothing
	Tried      int     `json:"tried"`   // how often it was tried
	Need       int     `json:"need"`    // after how many attempts it counts as good; 0: not known yet
	// Where good, bad and subject are between the two ends, 0 to 1; At is -1 if
	// that is not known.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	At   float64 `json:"at"`

	Subjects []SearchSubject `json:"subjects"` // that were tried
	Runs     []string        `json:"runs"`     // of the steps, oldest first
}

// SearchSubject is what one subject of a search has shown.
type SearchSubject struct {
	Subject    string `json:"subject"`
	Attempts   int    `json:"attempts"`
	Good       int    `json:"good"`       // that showed the good mark
	Bad        int    `json:"bad"`        // that showed the bad mark
	Untestable string `json:"untestable"` // why it is skipped; empty: it is not
}

// Safe returns s with texts that are safe to show: some are from commits, others
// from kernels.
func (s Search) Safe() Search {
	for _, text := range []*string{&s.ID, &s.Kind, &s.Test, &s.FS, &s.GoodMark, &s.BadMark, &s.Good, &s.Bad, &s.Subject} {
		*text = sanitize.Line(*text)
	}
	subjects := make([]SearchSubject, len(s.Subjects))
	for i, one := range s.Subjects {
		one.Subject, one.Untestable = sanitize.Line(one.Subject), sanitize.Line(one.Untestable)
		subjects[i] = one
	}
	s.Subjects, s.Runs = subjects, clean(s.Runs)
	return s
}
