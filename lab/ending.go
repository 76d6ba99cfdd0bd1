package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// This file judges batches that did not end in good order: who is to blame,
// and which of the cells before still count.

// brokenOff judges the cell in which the process ended without a result.
func (b *batch) brokenOff(c *cell) results.Attempt {
	c.ended = time.Now()
	c.output.add(b.tailOut.String())
	a := attemptOf(c)
	if b.exit.Code == 0 {
		a.Verdict = outcome.Infra
		a.Detail = "the test process ended with status 0 without a result for this test"
		return a
	}
	a.Verdict = outcome.Fail
	a.Detail = describeExit(b.exit) + whyExit(c)
	return a
}

// stopped settles what can still be settled after the machine came to an end
// for reason, and gives the reason to the cell that was running.
func (b *batch) stopped(reason error) error {
	var end *ended
	if !errors.As(reason, &end) {
		return reason // ctx's error: nothing more is known
	}
	b.readLog()
	if len(b.logLine) > 0 {
		b.logOf(string(b.logLine))
		b.logLine = nil
	}
	victim := b.victim(end)
	for _, c := range b.begun {
		// What ended before the kernel broke stands, if the log says that it
		// did; without marks in the log nobody knows, and it runs again.
		before := victim == nil || c.started.Before(victim.started)
		if c != victim && before && c.raw != "" && !c.reported && b.marks && b.past(c) {
			b.finishCell(c, judge(c, b.lab.cfg.Policy))
		}
	}
	if victim == nil || victim.reported {
		return end
	}
	victim.ended = time.Now()
	a := attemptOf(victim)
	a.Verdict, a.Detail = end.verdict, end.detail
	if end.console != "" {
		a.Console = end.console
	}
	b.finishCell(victim, a)
	return errUnsound
}

// victim is the cell to which an end of the machine belongs: the one in whose
// part of the log the kernel broke, else the one that was running.
func (b *batch) victim(end *ended) *cell {
	if end.verdict == outcome.Crash {
		for _, c := range b.begun {
			if _, ok := c.fatal(); ok && !c.reported {
				return c
			}
		}
	}
	if b.current != nil && b.current.running() {
		return b.current
	}
	return nil
}

// died judges the machine's death in the midst of the batch.
func (b *batch) died() error {
	for drained := false; !drained; {
		select {
		case chunk, ok := <-b.m.out:
			if drained = !ok; ok {
				b.take(chunk)
			}
		case <-time.After(time.Second): // the reader ends with the VM; never wait on a lie
			drained = true
		}
	}
	b.readLog()
	var log []byte
	if b.logOwner != nil {
		log = []byte(b.logOwner.log.String() + string(b.logLine))
	} else {
		log = b.m.vm.Console().Bytes()
	}
	return b.m.death(outcome.Crash, "while "+b.doing(), log)
}

func (b *batch) doing() string {
	if b.current != nil && b.current.running() {
		return b.current.test.Name() + " ran"
	}
	return "no cell ran"
}

// wait is for a control channel that broke: the machine is dying, or lies.
func (b *batch) wait(ctx context.Context) error {
	b.takeWaiting()
	err := b.m.autopsy(ctx, outcome.Crash, "while "+b.doing())
	var end *ended
	if errors.As(err, &end) {
		select {
		case <-b.m.vm.Done():
			return b.died()
		default:
		}
	}
	b.takeWaiting()
	return err
}

// takeWaiting takes the output that is here already: of two channels, the one
// that broke may have been looked at first.
func (b *batch) takeWaiting() {
	for {
		select {
		case chunk, ok := <-b.m.out:
			if !ok {
				return
			}
			b.take(chunk)
		default:
			return
		}
	}
}

// lastWords is how long a kernel that oopsed may go on printing.
const lastWords = 2 * time.Second

// poisoned judges a kernel that reported a crash and may still be running.
func (b *batch) poisoned(ctx context.Context, e console.Event) error {
	dctx, cancel := withDeadline(ctx, lastWords, errChannel)
	defer cancel()
	select {
	case <-b.m.vm.Done():
		return b.died()
	case <-dctx.Done():
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	b.readLog()
	if b.logOwner != nil {
		if again, ok := b.logOwner.fatal(); ok {
			e = again // now whole
		}
	}
	return &ended{verdict: outcome.Crash, detail: e.Title, console: strings.Join(e.Excerpt, "\n")}
}

// overdue judges a cell that gave no result in time.
func (b *batch) overdue(ctx context.Context, answers bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.current == nil || !b.current.running() {
		return infraf("the VM fell silent while %s", b.doing())
	}
	state := "the agent still answers"
	if !answers {
		state = "the agent does not answer either"
	}
	detail := fmt.Sprintf("no result within %s; %s", b.lab.cfg.Deadlines.Cell, state)
	if !answers {
		detail = fmt.Sprintf("the VM is silent and %s", state)
	}
	if b.logOwner != nil {
		if e, ok := firstOf(console.Parse([]byte(b.logOwner.log.String())), console.HungTask, console.Lockup); ok {
			detail += "; " + e.Title
		}
	}
	return &ended{verdict: outcome.Hang, detail: detail}
}
