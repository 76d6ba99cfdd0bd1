package main

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/progress"
	"github.com/splicelab/splicelab/results/terminal"
)

// drawing is how results are drawn: the flags of the root and of the verbs that
// draw.
type drawing struct {
	color   string
	noPager bool
	wide    bool
}

// drawingFlags defines the flags of the root.
func (a *app) drawingFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.Var(cli.ColorFlag(&a.drawing.color), "color", "use colours `WHEN`: auto, always or never")
	flags.BoolVar(&a.drawing.noPager, "no-pager", false, "write long output to the terminal without a pager")
	// It fails only for a missing flag, or one registered twice.
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(cli.Colors, cobra.ShellCompDirectiveNoFileComp))
}

// wideFlag is for verbs whose output is fitted to the screen.
func (a *app) wideFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.drawing.wide, "wide", false, "do not fit the output to the screen's width")
}

// humanOut is the stream for human-readable output: stdout, unless that carries
// machine-readable output.
func (a *app) humanOut(machineReadsStdout bool) io.Writer {
	if machineReadsStdout && !progress.IsTerminal(a.stdout) {
		return a.stderr
	}
	return a.stdout
}

// plainWidth is the width of a matrix where there is no screen.
const plainWidth = 80

// matrixOptions fits a matrix to w.
func (a *app) matrixOptions(w io.Writer) terminal.Options {
	screen := cli.ScreenOf(w, a.drawing.color, os.Getenv)
	return terminal.Options{Width: cmp.Or(screen.Width, plainWidth), Color: screen.Colour, Wide: a.drawing.wide}
}

// asList is how a list is drawn, whose lines programs read: it is fitted to a screen,
// but is not folded where there is none.
func (a *app) asList(o terminal.Options) terminal.Options {
	o.Wide = o.Wide || cli.ScreenOf(a.stdout, a.drawing.color, os.Getenv).Width == 0
	return o
}

// draw writes what f draws to standard output, through a pager if it is longer
// than the screen. What was drawn before an error is written, too.
func (a *app) draw(ctx context.Context, f func(io.Writer, terminal.Options) error) error {
	var b bytes.Buffer
	err := f(&b, a.matrixOptions(a.stdout))
	screen := cli.ScreenOf(a.stdout, a.drawing.color, os.Getenv)
	if a.drawing.noPager {
		screen.Terminal = false
	}
	if perr := a.stdout.Page(ctx, b.Bytes(), screen, os.LookupEnv); err == nil {
		err = perr
	}
	return err
}
