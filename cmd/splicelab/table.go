package main

import (
	"bytes"
	"io"
	"strings"
	"text/tabwriter"
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
	if err := t.Writer.Flush(); err != nil {
		return err
	}
	var trimmed strings.Builder
	for line := range strings.Lines(t.text.String()) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(t.out, trimmed.String())
	return err
}
