// Command splicelab boots many kernels with many filesystems in QEMU, runs
// Go test binaries in them, and collects matrices of what happened.
//
// This package is flags and wiring, one file per verb. How a cell is run,
// judged or stored belongs in the packages that it connects.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/splicelab/splicelab/cmd/splicelab/exit"
	"github.com/splicelab/splicelab/cmd/splicelab/output"
	"github.com/splicelab/splicelab/internal/cli"
	"github.com/splicelab/splicelab/lab/session"
)

func main() {
	if cli.Closed() {
		fmt.Fprintln(os.Stderr, "splicelab: standard output is closed: redirect it to /dev/null to discard it")
		os.Exit(exit.Lab)
	}
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns the exit code.
func execute(args []string, stdin, stdout *os.File, stderr io.Writer) int {
	ctx, stop := cli.Interruptible("splicelab", stderr)
	defer stop()
	a := &app{Output: output.Output{Stdout: cli.NewOutput(stdout), Stderr: stderr}, args: args, stdin: stdin, log: session.NewLog(stderr)}
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if lost := a.Stdout.Err(); lost != nil && exit.Code(err) != exit.Lab {
		err = lost
	}
	if text := a.message(ctx, err); text != "" {
		fmt.Fprint(stderr, text)
	}
	return exit.Code(err)
}
