package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/splicelab/splicelab/internal/deadline"
	"github.com/splicelab/splicelab/internal/headtail"
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/gotest"
	"github.com/splicelab/splicelab/lab/job"
	"github.com/splicelab/splicelab/lab/machine"
	"github.com/splicelab/splicelab/lab/plan"
	"github.com/splicelab/splicelab/lab/suite"
	"github.com/splicelab/splicelab/lab/verdict"
	"github.com/splicelab/splicelab/outcome"
)

// cell is one test of a batch.
type cell struct {
	job.Cell
	index    int // in the job
	started  time.Time
	ended    time.Time
	result   outcome.Verdict // reported by the test binary; empty until then
	attrs    map[string]string
	output   headtail.Buffer
	log      kernelLog // while it ran
	reported bool
}

func (c *cell) running() bool { return !c.started.IsZero() && c.result == "" }

// batch runs cells of one suite, one after the other, in one process on one
// VM, and watches them.
//
// It reads three streams: the test's output, the control channel and the kernel
// log. They are not ordered with respect to each other, so a cell is settled
// only when both its result and the end of its part of the log have arrived.
type batch struct {
	run    job.Run
	m      *machine.Machine
	spec   *machine.Spec
	suites suite.Set
	cells  []*cell
	index  map[string]*cell // by the test's Go name
	token  string           // the agent's end mark contains it
	done   string           // the same for a parked process; empty for none
	// report is called once for each cell whose verdict is certain.
	report  func(*cell, verdict.Decision)
	onStart func(*cell)

	shared     []gotest.Event // attributes of parents
	parser     gotest.Parser
	tailOut    headtail.Buffer // output outside any cell, such as the process's last lines
	line       []byte          // incomplete line of the output channel
	outputEnd  bool            // the end mark was read
	begun      []*cell         // in the order in which they started
	current    *cell           // the last of them
	crashed    bool            // a cell was settled as a crash: later results do not count
	logScanned int64           // console offset up to which the log was read
	logLine    []byte
	logOwner   *cell // to which the kernel log belongs now
	marks      bool  // this binary marks its cells in the kernel log
	logEnd     bool  // the end-of-log mark was read
	logChecked int64 // console offset up to which the log was searched for a crash
	exit       *protocol.Exit
}

// maxRunPattern bounds one -test.run argument, in bytes: Linux accepts 128 KiB
// in one argument, and one control line must contain the whole request.
const maxRunPattern = 100 << 10

// fitting returns how many of cells fit into one batch: all of one suite, up
// to what one argument can contain; a plain Go test alone.
func fitting(cells []job.Cell) int {
	size := 0
	for i, c := range cells {
		size += len(plan.RunPattern(c.Test)) + 1
		if i > 0 && (c.Test.Suite != cells[0].Test.Suite || cells[0].Test.Plain || size > maxRunPattern) {
			return i
		}
	}
	return len(cells)
}

// execute runs the batch until every cell is settled or the VM is unusable. It
// returns nil when the process exited normally and the VM is still usable;
// otherwise a *verdict.Termination, errUnusable or ctx's error. Cells without a
// report are still pending.
func (b *batch) execute(ctx context.Context) error {
	tests := make([]plan.Test, len(b.cells))
	b.index = make(map[string]*cell, len(b.cells))
	for i, c := range b.cells {
		tests[i] = c.Test
		b.index[c.Test.GoName()] = c
	}
	pattern := plan.RunPattern(tests...)
	b.token = machine.NewToken()
	b.logScanned = b.m.VM.Console().Mark()
	if b.m.Parked != nil {
		return b.resumeParked(ctx, pattern)
	}
	p := testProcess(b.suites, b.spec, b.run, tests[0].Suite)
	if p.mkdir != "" {
		if err := b.m.Mkdir(ctx, p.mkdir); err != nil {
			return b.broken(ctx, err, "while a directory was created")
		}
	}
	reply, err := b.m.Agent.Send(protocol.Request{Exec: &protocol.Exec{
		Path:  suite.GuestPath(tests[0].Suite),
		Args:  append(slices.Clone(machine.TestArgs), "-test.run="+pattern),
		Env:   p.env,
		Dir:   p.dir,
		Token: b.token,
	}})
	if err != nil {
		return b.broken(ctx, machine.ErrChannel, "while the test process started")
	}
	return b.watch(ctx, reply)
}

// resumeParked is execute for a process that is parked.
func (b *batch) resumeParked(ctx context.Context, pattern string) error {
	b.done = b.token
	b.token = b.m.Parked.Token // in case it dies
	reply := b.m.Agent.Await(b.m.Parked.Exec)
	word := protocol.Resume{Token: b.done, UnixNano: time.Now().UnixNano(), Entropy: machine.Entropy(), Run: pattern, Env: runEnv(b.run)}
	if _, err := io.WriteString(b.m.Input, word.Encode()); err != nil {
		return b.broken(ctx, machine.ErrChannel, "while the test process resumed")
	}
	return b.watch(ctx, reply)
}

// process says how to start a suite's test process.
type process struct {
	env   []string
	dir   string
	mkdir string // must exist before
}

func testProcess(suites suite.Set, spec *machine.Spec, run job.Run, name string) process {
	p := process{env: append(spec.Env(), runEnv(run)...), dir: machine.CellDir}
	if u, ok := suites.OfUser(name); ok {
		p.dir = u.WorkDir()
		if spec.HasFilesystem() {
			// testing.T.TempDir must be on the filesystem under test. The agent
			// creates only the working directory.
			p.env, p.mkdir = append(p.env, "TMPDIR="+machine.CellDir), machine.CellDir
		}
	}
	return p
}

// runEnv is the part of a test process's environment that the run determines.
func runEnv(r job.Run) []string {
	env := []string{
		protocol.EnvPolicy + "=" + string(r.Policy),
		fmt.Sprintf("%s=%d", protocol.EnvSeed, r.Seed),
	}
	if r.Faults {
		env = append(env, protocol.EnvFault+"=1")
	}
	return env
}

// watch is the batch's event loop.
func (b *batch) watch(ctx context.Context, reply <-chan protocol.Reply) error {
	tick := time.NewTicker(deadline.Step / 2)
	defer tick.Stop()
	clock := deadline.NewClock(time.Now())
	var now, lastSign, cellBegan, exited time.Duration
	var ping <-chan protocol.Reply
	pingSent := time.Duration(-1)
	out, dead := b.m.Output, b.m.VM.Done()
	limit := b.run.Deadlines
	var running *cell
	for {
		before := b.logScanned
		var chunk []byte
		var open bool
		select {
		case <-ctx.Done():
			return ctx.Err()
		case chunk, open = <-out:
			if !open {
				out = nil
			}
		case r := <-reply:
			reply = nil
			if r.Exit == nil {
				return b.fault("the test process could not be run: %s", r.Error)
			}
			b.exit = r.Exit
			exited = clock.Read(time.Now())
		case <-ping:
			ping, pingSent = nil, -1
			lastSign = clock.Read(time.Now())
		case <-dead:
			return b.stopped(b.died())
		case <-b.m.Agent.Done():
			return b.channelBroke(ctx)
		case <-tick.C:
		}
		now = clock.Read(time.Now())
		if len(chunk) > 0 {
			b.take(chunk)
		}
		b.readLog()
		if len(chunk) > 0 || b.logScanned != before {
			lastSign = now
		}
		if b.current != running {
			running, cellBegan = b.current, now
		}
		b.settle(false)
		if b.crashed {
			return errUnusable
		}

		if b.fatal() {
			// The kernel has oopsed, and may survive or die. Give it time to print
			// the whole report.
			return b.oopsed(ctx)
		}
		if b.exit != nil && b.outputEnd && b.logEnd {
			return b.finish()
		}
		if b.exit != nil && now-exited > limit.Silence && now-lastSign > limit.Silence {
			return b.fault("the test process ended (%s), but the end of its %s never arrived", verdict.DescribeExit(b.exit), b.missingEnd())
		}
		// Between cells the clock starts at the end of the last one.
		if now-cellBegan > limit.Cell && b.exit == nil {
			return b.overdue(ctx, ping == nil || pingSent < 0)
		}
		switch silent := now - lastSign; {
		case pingSent >= 0 && now-pingSent > limit.Silence:
			return b.overdue(ctx, false)
		case pingSent < 0 && silent > limit.Silence:
			if p, err := b.m.Agent.Send(protocol.Request{Ping: &protocol.Ping{}}); err == nil {
				ping, pingSent = p, now
			}
		}
	}
}

func (b *batch) missingEnd() string {
	if !b.outputEnd {
		return "output"
	}
	return "kernel log"
}

// settle reports the cells whose result and kernel log are both complete: the
// log has moved on to another cell, or, at the end, has ended.
func (b *batch) settle(end bool) {
	for _, c := range b.begun {
		if b.crashed {
			return
		}
		if c.reported || c.result == "" {
			continue
		}
		if !end && (!b.marks || b.logOwner == c || !b.past(c)) {
			continue
		}
		d := verdict.Decide(b.evidence(c))
		// An unconfirmed crash, too, makes the VM unusable for later cells.
		b.crashed = d.Verdict == outcome.Crash || c.fatal()
		b.finishCell(c, d)
	}
}

// past reports whether the log has reached a cell that began after c.
func (b *batch) past(c *cell) bool {
	return b.logOwner != nil && b.logOwner.started.After(c.started)
}

func (b *batch) finishCell(c *cell, d verdict.Decision) {
	c.reported = true
	b.report(c, d)
}

// fatal looks for a dead kernel in the running part of the log.
func (b *batch) fatal() bool {
	if b.logOwner == nil || b.logOwner.reported || b.logChecked == b.logScanned {
		return false
	}
	b.logChecked = b.logScanned
	return b.logOwner.fatal()
}

// fatal reports a crash in the cell's part of the kernel log.
func (c *cell) fatal() bool {
	if c.log.Total() == 0 {
		return false
	}
	_, ok := console.Fatal(c.log.events())
	return ok
}

// errUnusable means that every cell that ran is settled, but that the VM must
// not run others.
var errUnusable = errors.New("the VM can no longer be used")

// finish settles the cells of a process that exited normally.
func (b *batch) finish() error {
	b.settle(true)
	if b.crashed {
		return errUnusable
	}
	if c := b.current; c != nil && c.running() {
		c.ended = time.Now()
		c.output.WriteString(b.tailOut.String())
		e := b.evidence(c)
		e.Process = b.exit
		b.finishCell(c, verdict.Decide(e))
		return errUnusable
	}
	for _, c := range b.cells {
		if c.reported && c.result == outcome.Fail && c.attrs[protocol.AttrOutcome] == "" {
			return errUnusable
		}
	}
	if b.current == nil {
		return verdict.Faultf("the test process ended (%s) before it began a test: %s", verdict.DescribeExit(b.exit), verdict.LastLine(b.tailOut.String()))
	}
	return nil
}
