package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/splicelab/splicelab/internal/deadline"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
)

// This file collects the evidence on batches that did not end normally, and
// attributes it to a cell.

// evidence is what was observed of one cell.
func (b *batch) evidence(c *cell) verdict.Evidence {
	return verdict.Evidence{
		Phase: verdict.Running, Log: c.log.String(), Events: c.log.events(), Output: c.output.String(),
		SetUp: c.attrs[protocol.AttrInfra], Result: c.result,
		Outcome: outcome.Outcome(c.attrs[protocol.AttrOutcome]), Kind: c.kind(), Detail: c.attrs[protocol.AttrDetail],
		Policy: b.run.Policy, Restored: b.m.Restored, Confirm: c.Confirm,
	}
}

func (c *cell) kind() outcome.Kind {
	if k := c.attrs[protocol.AttrKind]; k != "" {
		return outcome.Kind(k)
	}
	return c.Test.Kind
}

// stopped settles what can be settled after the VM terminated, and attributes
// the termination to a cell.
func (b *batch) stopped(e verdict.Evidence) error {
	b.readLog()
	if len(b.logLine) > 0 {
		b.logOf(string(b.logLine))
		b.logLine = nil
	}
	end := verdict.Terminated(e)
	victim := b.victim(end)
	for _, c := range b.begun {
		// A cell that ended before the kernel broke keeps its result if the log
		// proves the order. Without marks in the log it does not, and the cell is
		// retried.
		before := victim == nil || c.started.Before(victim.started)
		if c != victim && before && c.result != "" && !c.reported && b.marks && b.past(c) {
			b.finishCell(c, verdict.Decide(b.evidence(c)))
		}
	}
	if victim == nil || victim.reported {
		return end
	}
	victim.ended = time.Now()
	whole := b.evidence(victim)
	whole.When, whole.Fault, whole.Exit, whole.Overdue = e.When, e.Fault, e.Exit, e.Overdue
	if e.Log != "" {
		whole.Log = e.Log
	}
	b.finishCell(victim, verdict.Decide(whole))
	return errUnusable
}

// victim is the cell that a termination is attributed to: the one in whose part
// of the log the kernel broke, else the one that was running.
func (b *batch) victim(end *verdict.Termination) *cell {
	if end.Verdict == outcome.Crash {
		for _, c := range b.begun {
			if !c.reported && c.fatal() {
				return c
			}
		}
	}
	if b.current != nil && b.current.running() {
		return b.current
	}
	return nil
}

// fault stops the batch for something that went wrong in the lab.
func (b *batch) fault(format string, a ...any) error {
	return b.stopped(verdict.Evidence{Phase: verdict.Running, Fault: fmt.Sprintf(format, a...)})
}

// broken stops the batch if a request could not be sent or answered.
func (b *batch) broken(ctx context.Context, err error, when string) error {
	if !errors.Is(err, machine.ErrChannel) {
		return b.fault("%s: %v", when, err)
	}
	e, err := b.m.PostMortem(ctx, verdict.Running, when)
	if err != nil {
		return err
	}
	return b.stopped(e)
}

// died is the evidence of the VM's death in the middle of the batch.
func (b *batch) died() verdict.Evidence {
	for drained := false; !drained; {
		select {
		case chunk, ok := <-b.m.Output:
			if drained = !ok; ok {
				b.take(chunk)
			}
		case <-time.After(time.Second): // the reader ends with the VM, but do not rely on it
			drained = true
		}
	}
	b.readLog()
	log := b.ownerLog()
	if log == "" && b.logOwner == nil {
		log = string(b.m.VM.Console().Bytes())
	}
	return b.m.Death(verdict.Running, "while "+b.doing(), log)
}

// ownerLog is the kernel log of the cell to which it belongs now.
func (b *batch) ownerLog() string {
	if b.logOwner == nil {
		return ""
	}
	return b.logOwner.log.String() + string(b.logLine)
}

func (b *batch) doing() string {
	if b.current != nil && b.current.running() {
		return b.current.Test.Name() + " ran"
	}
	return "no cell ran"
}

// channelBroke handles a control channel that closed: the VM is dying, or the
// guest misbehaves.
func (b *batch) channelBroke(ctx context.Context) error {
	b.takeWaiting()
	e, err := b.m.PostMortem(ctx, verdict.Running, "while "+b.doing())
	if err != nil {
		return err
	}
	if e.Exit != nil {
		return b.stopped(b.died())
	}
	b.takeWaiting()
	return b.stopped(e)
}

// takeWaiting reads the output that has already arrived: select may have seen
// the broken channel first.
func (b *batch) takeWaiting() {
	for {
		select {
		case chunk, ok := <-b.m.Output:
			if !ok {
				return
			}
			b.take(chunk)
		default:
			return
		}
	}
}

// lastWords is how long a kernel that oopsed may continue to print.
const lastWords = 2 * time.Second

// oopsed stops the batch for a kernel that reported a crash and may still be
// running.
func (b *batch) oopsed(ctx context.Context) error {
	owner := b.logOwner // the log may move on to another cell meanwhile
	dctx, cancel := deadline.With(ctx, lastWords, machine.ErrChannel)
	defer cancel()
	select {
	case <-b.m.VM.Done():
		return b.stopped(b.died())
	case <-dctx.Done():
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	b.readLog()
	return b.stopped(verdict.Evidence{Phase: verdict.Running, When: "while " + b.doing(), Log: owner.log.String(), Events: owner.log.events()})
}

// overdue stops the batch for a cell without a result in time.
func (b *batch) overdue(ctx context.Context, answers bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.current == nil || !b.current.running() {
		return b.fault("the VM stopped responding while %s", b.doing())
	}
	return b.stopped(verdict.Evidence{Phase: verdict.Running, Log: b.ownerLog(),
		Overdue: &verdict.Overdue{Limit: b.run.Deadlines.Cell, Answers: answers}})
}
