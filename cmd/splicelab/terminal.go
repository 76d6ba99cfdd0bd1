package main

import (
	"io"
	"os"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"

	"github.com/splicelab/splicelab/results/terminal"
)

// plainWidth is the width of a matrix that does not go to a terminal.
const plainWidth = 80

// isTerminal reports whether lines on w can be redrawn.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// people is where output for people goes: standard output, unless a machine
// reads that.
func (a *app) people(machineReadsStdout bool) io.Writer {
	if machineReadsStdout && !isTerminal(a.stdout) {
		return a.stderr
	}
	return a.stdout
}

// matrixOptions fits a matrix to w. https://no-color.org is honoured.
func (a *app) matrixOptions(w io.Writer) terminal.Options {
	o := terminal.Options{Width: plainWidth}
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return o
	}
	o.Color = os.Getenv("NO_COLOR") == ""
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		o.Width = width
	}
	return o
}

// size writes a number of bytes for people.
func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }
