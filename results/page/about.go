package page

import (
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// About describes a test, as "splicelab tests show" does. It is empty for a test
// that the installed suites do not have.
type About struct {
	Number string      `json:"number"` // in the catalogue, e.g. B8
	Kind   string      `json:"kind"`   // characterisation, invariant or control
	Doc    string      `json:"doc"`    // one sentence
	Steps  []string    `json:"steps"`
	Oracle string      `json:"oracle"` // what it accepts, and how it checks
	Known  []string    `json:"known"`  // what kernels were observed to do
	Refs   []Reference `json:"refs"`   // what the texts cite
}

// Reference is a publication that a test cites.
type Reference struct {
	Cited   string `json:"cited"` // the words that cite it
	Subject string `json:"subject"`
	Date    string `json:"date"` // YYYY-MM-DD
	URL     string `json:"url"`
}

// references are the publications that tests cite by some words.
var references = []Reference{
	{"report of 2023", "[Reproducer] Corruption, possible race between splice and FALLOC_FL_PUNCH_HOLE", "2023-06-26",
		"https://lore.kernel.org/linux-fsdevel/ec804f26-fa76-4fbe-9b1c-8fbbd829b735@mattwhitlock.name/"},
}

// safe returns a sanitized, with the references that its texts cite.
func (a About) safe() About {
	a.Number, a.Kind, a.Doc, a.Oracle = sanitize.Line(a.Number), sanitize.Line(a.Kind), sanitize.Line(a.Doc), sanitize.Line(a.Oracle)
	a.Steps, a.Known, a.Refs = clean(a.Steps), clean(a.Known), []Reference{}
	texts := strings.Join(append(append([]string{a.Doc, a.Oracle}, a.Steps...), a.Known...), "\n")
	for _, r := range references {
		if strings.Contains(texts, r.Cited) {
			a.Refs = append(a.Refs, r)
		}
	}
	return a
}

// newTests describes the tests of a run, by suite.TestName.
func newTests(tests []string, a Annotator) map[string]About {
	doc := map[string]About{}
	for _, test := range tests {
		name, _, _ := strings.Cut(test, "/")
		if _, known := doc[name]; !known {
			doc[name] = a.About(name).safe()
		}
	}
	return doc
}
