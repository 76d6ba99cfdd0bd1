// Package format writes runs as documents for other tools, and reads theirs.
// Start with Formats for writers and with Read for readers; docs/formats.md
// describes each format and how verdicts map to it.
//
// Text from a guest is hostile: names and details are one clean line, texts are
// clean and bounded, and each format escapes its own syntax.
package format

import (
	"io"

	"github.com/splicelab/splicelab/results/format/doc"
	"github.com/splicelab/splicelab/results/format/markdown"
)

// Document is the input of a writer.
type Document = doc.Document

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
	{"markdown", "a Markdown summary for a CI's page", markdown.Write},
	{"csv", "the cells as CSV", WriteCSV},
	{"openmetrics", "metrics for Prometheus", WriteOpenMetrics},
}
