// Package format writes a run as the documents that other tools read, and reads
// those that other tools write. docs/formats.md says what each is for, and how
// each verdict appears in it.
//
// What a guest wrote is hostile in every one of them: names and details are
// one clean line, texts are clean and bounded, and each format escapes what
// would be its own syntax.
package format

import (
	"io"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Document is what the documents of a run are made of.
type Document struct {
	Run   results.Run
	Cells []results.Cell // in the order of reports
	// Attempts returns the attempts at a cell, with their texts. Nil: the
	// document has no texts.
	Attempts func(results.CellKey) ([]results.Attempt, error)
	// Origin is the name that KCIDB knows the sender by: lower-case letters,
	// digits and "_". Empty: DefaultOrigin.
	Origin string
}

// Format is one kind of document.
type Format struct {
	Name  string // as its flag and its configuration key are called
	What  string // what is written, for "write … to FILE"
	Write func(io.Writer, Document) error
}

// Formats are those that are written, in the order in which help texts name
// them.
var Formats = []Format{
	{"json", "the cells as JSON", WriteJSON},
	{"junit", "a JUnit XML report", WriteJUnit},
	{"ktap", "a KTAP report", WriteKTAP},
	{"kcidb", "a KCIDB v5.3 report", WriteKCIDB},
	{"test2json", "events as go tool test2json does", WriteTest2JSON},
	{"markdown", "a Markdown summary for a CI's page", WriteMarkdown},
	{"csv", "the cells as CSV", WriteCSV},
}

// Standings that a document calls by a word of its own.
const (
	expectedFail   = "expected fail"
	unexpectedPass = "unexpected pass"
)

// reason is the one line that says why the cell is not a pass: its detail, else
// what it came to, and before it what was expected.
func reason(c *results.Cell) string {
	detail := sanitize.Line(c.Detail)
	if detail == "" {
		detail = sanitize.Line(c.What())
	}
	switch {
	case c.Expected == results.XFail && c.Why != "":
		return expectedFail + ": " + sanitize.Line(c.Why) + ": " + detail
	case c.Expected == results.XFail:
		return expectedFail + ": " + detail
	}
	return detail
}

// asExpected reports whether nothing about the cell wants attention.
func asExpected(c *results.Cell) bool {
	return !c.Bad() && c.Verdict != outcome.Infra && c.Expected != results.XPass && c.Flaky == ""
}
