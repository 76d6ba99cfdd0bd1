package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// InterruptedError is the cancellation cause of a context cancelled by a
// signal.
type InterruptedError struct{ Signal os.Signal }

func (e *InterruptedError) Error() string { return "interrupted by " + e.Signal.String() }

// Interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP
// cancels, so that a program can store what it has. It is reported on stderr. A
// second signal has the default action and kills the process.
func Interruptible(program string, stderr io.Writer) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			fmt.Fprintf(stderr, "\n%s: %s: stopping and keeping finished results; repeat to kill immediately\n", program, s)
			cancel(&InterruptedError{s})
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
