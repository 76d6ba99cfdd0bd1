// Package doc is what every writer of package document starts with: a run, its
// cells, and as many of the guests' texts as fit.
package doc

import (
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
	// digits and "_". Empty: format.DefaultOrigin.
	Origin string
}

// Words for XFail and XPass in documents.
const (
	ExpectedFail   = "expected fail"
	UnexpectedPass = "unexpected pass"
)

// Reason is one line that explains why the cell is not a pass: the expectation,
// then its detail or else its result.
func Reason(c *results.Cell) string {
	detail := sanitize.Line(c.Detail)
	if detail == "" {
		detail = sanitize.Line(c.What())
	}
	switch {
	case c.Expected == results.XFail && c.Why != "":
		return ExpectedFail + ": " + sanitize.Line(c.Why) + ": " + detail
	case c.Expected == results.XFail:
		return ExpectedFail + ": " + detail
	}
	return detail
}

// AsExpected reports whether the cell needs no attention.
func AsExpected(c *results.Cell) bool {
	return !c.Bad() && c.Verdict != outcome.Infra && c.Expected != results.XPass && c.Flaky == ""
}
