// Package format writes runs as documents for other tools, and reads theirs.
// Start with Formats for writers and with Read for readers; docs/formats.md
// describes each format and how verdicts map to it.
//
// Text from a guest is hostile: names and details are one clean line, texts are
// clean and bounded, and each format escapes its own syntax.
package format

import (
	"io"

	"github.com/splicelab/splicelab/internal/sanitize"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// Document is the input of a writer.
type Document struct {
	Run   results.Run
	Cells []results.Cell // in the order of reports
	// Attempts returns the attempts at a cell with their texts. Nil: no texts.
	Attempts func(results.CellKey) ([]results.Attempt, error)
	// Origin is the name of the sender in KCIDB: lower-case letters,
	// digits and "_". Empty: DefaultOrigin.
	Origin string
}

// Format is one kind of document.
type Format struct {
	Name  string // as its flag and its configuration key are called
	What  string // what is written, for "write … to FILE"
	Write func(io.Writer, Document) error
}

// Formats are the formats that can be written, in the order of help texts.
var Formats = []Format{
	{"json", "the cells as JSON", WriteJSON},
	{"junit", "a JUnit XML report", WriteJUnit},
	{"ktap", "a KTAP report", WriteKTAP},
	{"kcidb", "a KCIDB v5.3 report", WriteKCIDB},
	{"test2json", "events as go tool test2json does", WriteTest2JSON},
	{"markdown", "a Markdown summary for a CI's page", WriteMarkdown},
	{"csv", "the cells as CSV", WriteCSV},
	{"openmetrics", "metrics for Prometheus", WriteOpenMetrics},
}

// Words for XFail and XPass in documents.
const (
	expectedFail   = "expected fail"
	unexpectedPass = "unexpected pass"
)

// reason is one line that explains why the cell is not a pass: the expectation,
// then its detail or else its result.
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

// asExpected reports whether the cell needs no attention.
func asExpected(c *results.Cell) bool {
	return !c.Bad() && c.Verdict != outcome.Infra && c.Expected != results.XPass && c.Flaky == ""
}
