// Package output is how results reach the user: text that fits the screen,
// through a pager if it is longer, or a document for programs.
package output

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

// Output is the standard streams of an invocation, and how results are drawn on
// them: the flags of the root and of the verbs that draw.
type Output struct {
	Stdout *cli.Output
	Stderr io.Writer

	color   string
	noPager bool
	wide    bool
}

// DrawingFlags defines the flags of the root.
func (o *Output) DrawingFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.Var(cli.ColorFlag(&o.color), "color", "use colours `WHEN`: auto, always or never")
	flags.BoolVar(&o.noPager, "no-pager", false, "write long output to the terminal without a pager")
	// It fails only for a missing flag, or one registered twice.
	_ = root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(cli.Colors, cobra.ShellCompDirectiveNoFileComp))
}

// WideFlag defines the flag of verbs whose output is fitted to the screen.
func (o *Output) WideFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.wide, "wide", false, "do not fit the output to the screen's width")
}

// screen is what w can show.
func (o *Output) screen(w io.Writer) cli.Screen { return cli.ScreenOf(w, o.color, os.Getenv) }

// HumanOut is the stream for human-readable output: stdout, unless that carries
// machine-readable output.
func (o *Output) HumanOut(machineReadsStdout bool) io.Writer {
	if machineReadsStdout && !progress.IsTerminal(o.Stdout) {
		return o.Stderr
	}
	return o.Stdout
}

// plainWidth is the width in characters of a matrix where there is no screen.
const plainWidth = 80

// TerminalOptions fits a matrix to w.
func (o *Output) TerminalOptions(w io.Writer) terminal.Options {
	screen := o.screen(w)
	return terminal.Options{Width: cmp.Or(screen.Width, plainWidth), Color: screen.Colour, Wide: o.wide}
}

// AsList is how a list is drawn, whose lines programs read: it is fitted to a
// screen, but is not folded where there is none.
func (o *Output) AsList(t terminal.Options) terminal.Options {
	t.Wide = t.Wide || o.screen(o.Stdout).Width == 0
	return t
}

// screenRows is how many rows of a map a terminal shows if the user does not say.
const screenRows = 40

// MapRows is how many rows of a map are shown if the user does not say; 0: all,
// where a program reads them.
func (o *Output) MapRows() int {
	if o.screen(o.Stdout).Terminal {
		return screenRows
	}
	return 0
}

// Draw writes what f draws to standard output, through a pager if it is longer
// than the screen. What was drawn before an error is written, too.
func (o *Output) Draw(ctx context.Context, f func(io.Writer, terminal.Options) error) error {
	var b bytes.Buffer
	err := f(&b, o.TerminalOptions(o.Stdout))
	screen := o.screen(o.Stdout)
	if o.noPager {
		screen.Terminal = false
	}
	if perr := o.Stdout.Page(ctx, b.Bytes(), screen, os.LookupEnv); err == nil {
		err = perr
	}
	return err
}
