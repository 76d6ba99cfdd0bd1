// Package text lays out plain text for people: tables, paragraphs, counts.
package text

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/mattn/go-runewidth"
)

// Table aligns rows whose cells end with tabs. Unlike a bare tabwriter it
// leaves no trailing blanks, which would wrap on terminals.
type Table struct {
	*tabwriter.Writer
	buffer *bytes.Buffer
	out    io.Writer
}

// NewTable returns a table that Flush writes to out.
func NewTable(out io.Writer) *Table {
	b := new(bytes.Buffer)
	return &Table{tabwriter.NewWriter(b, 0, 0, 2, ' ', 0), b, out}
}

// Flush writes the table. It must be called once, at the end.
func (t *Table) Flush() error {
	for _, line := range t.Lines() {
		if _, err := io.WriteString(t.out, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// Lines returns the table's lines, for callers that process them.
func (t *Table) Lines() []string {
	_ = t.Writer.Flush() // it writes to memory
	var lines []string
	for line := range strings.Lines(t.buffer.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines
}

// Wrap breaks text between words into lines of at most width columns.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && runewidth.StringWidth(line)+1+runewidth.StringWidth(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Count is a number with its noun.
func Count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// OrDash returns s, or "-" if it is empty, for tables.
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
