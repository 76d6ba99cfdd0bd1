package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/results/terminal"
)

// plainWidth is the width of a matrix that is not written to a terminal.
const plainWidth = 80

// humanOut is the stream for human-readable output: stdout, unless that carries
// machine-readable output.
func (a *app) humanOut(machineReadsStdout bool) io.Writer {
	if machineReadsStdout && !progress.IsTerminal(a.stdout) {
		return a.stderr
	}
	return a.stdout
}

// matrixOptions fits a matrix to w. https://no-color.org is honoured.
func (a *app) matrixOptions(w io.Writer) terminal.Options {
	o := terminal.Options{Width: plainWidth}
	f, ok := w.(interface{ Fd() uintptr })
	if !ok || !progress.IsTerminal(w) {
		return o
	}
	o.Color = os.Getenv("NO_COLOR") == ""
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		o.Width = width
	}
	return o
}
