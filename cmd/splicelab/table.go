package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/mattn/go-runewidth"
)

// table aligns rows whose cells end with tabs. Unlike a bare tabwriter it
// leaves no blanks at the ends of lines, which would wrap on terminals.
type table struct {
	*tabwriter.Writer
	text *bytes.Buffer
	out  io.Writer
}

func newTable(out io.Writer) *table {
	text := new(bytes.Buffer)
	return &table{tabwriter.NewWriter(text, 0, 0, 2, ' ', 0), text, out}
}

// Flush writes the table. It must be called once, at the end.
func (t *table) Flush() error {
	for _, line := range t.lines() {
		if _, err := io.WriteString(t.out, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// lines returns the table's lines, for those who do not write it as it is.
func (t *table) lines() []string {
	_ = t.Writer.Flush() // it writes to memory
	var lines []string
	for line := range strings.Lines(t.text.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines
}

// wrap breaks text between words into lines of at most width columns.
func wrap(text string, width int) []string {
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

// count is a number and its noun.
func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
