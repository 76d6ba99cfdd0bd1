// Command splicelab boots many kernels with many filesystems in QEMU, runs
// Go test binaries in them, and collects matrices of what happened.
//
// This package is flags and wiring, one file a verb. It must not know how a
// cell is run, judged or stored: that is the business of the packages that
// it connects.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/splicelab/splicelab/lab/session"
)

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns the exit code.
func execute(args []string, stdin, stdout *os.File, stderr io.Writer) int {
	ctx, stop := interruptible(stderr)
	defer stop()
	a := &app{args: args, stdin: stdin, stdout: stdout, stderr: stderr, log: session.NewLog(stderr)}
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if text := a.message(ctx, err); text != "" {
		fmt.Fprint(stderr, text)
	}
	return exitCode(err)
}

// interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP
// ends, so that VMs are stopped and what is done is stored. The second one
// finds the default action again and kills the process; QEMU dies with it.
func interruptible(stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			fmt.Fprintf(stderr, "\nsplicelab: %s: stopping and keeping what is done; once more to stop at once\n", s)
			cancel(&interruptedError{s})
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
