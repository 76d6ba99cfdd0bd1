package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/console"
	"github.com/splicelab/splicelab/lab/gotest"
	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
)

// cell is one test on its way through a batch.
type cell struct {
	test     PlannedTest
	started  time.Time
	ended    time.Time
	raw      outcome.Verdict // what the test binary said; empty before it did
	attrs    map[string]string
	output   excerpt
	log      excerpt // kernel log while it ran
	reported bool
}

func (c *cell) running() bool { return !c.started.IsZero() && c.raw == "" }

// batch runs cells of one suite, one after the other, in one process on one
// machine, and watches them.
//
// Three streams tell what happens: the test's output, the control channel and
// the kernel log. They are not ordered among each other, so a cell is settled
// only when both its result and the end of its part of the log were seen.
type batch struct {
	lab   *Lab
	m     *machine
	spec  *machineSpec
	cells []*cell
	index map[string]*cell
	token string // by which the agent marks the end
	done  string // by which a held process does; empty for none
	// report is called once for each cell whose verdict is certain.
	report  func(*cell, results.Attempt)
	onStart func(*cell)

	shared     []gotest.Event // attributes of parents
	parser     gotest.Parser
	tailOut    excerpt // output of no cell: the process's last words
	line       []byte  // unfinished line of the output channel
	outputEnd  bool    // the end mark was read
	begun      []*cell // in the order in which they began
	current    *cell   // the last of them
	crashed    bool    // a cell was settled as a crash: what came later does not count
	logScanned int64   // console offset up to which log was read
	logLine    []byte
	logOwner   *cell // whose part of the kernel log this is
	marks      bool  // this binary marks its cells in the kernel log
	logEnd     bool  // the end-of-log mark was read
	logChecked int64 // console offset up to which a crash was looked for
	exit       *protocol.Exit
}

// maxRunPattern bounds one -test.run argument: Linux takes 128 KiB in one
// argument, and one control line must hold the whole request.
const maxRunPattern = 100 << 10

// fitting returns how many of tests fit into one batch: all of one suite,
// up to what one argument holds; a plain Go test alone.
func fitting(tests []PlannedTest) int {
	size := 0
	for i, t := range tests {
		size += len(runPattern(tests[i:i+1])) + 1
		if i > 0 && (t.Suite != tests[0].Suite || tests[0].Plain || size > maxRunPattern) {
			return i
		}
	}
	return len(tests)
}

func newToken() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// run executes the batch until every cell is settled or the machine can no
// longer be used. It returns why it stopped early: nil when the process ended
// in good order and the machine is still sound, an *ended otherwise, or ctx's
// error. Cells without a report have not been settled.
func (b *batch) run(ctx context.Context) error {
	tests := make([]PlannedTest, len(b.cells))
	b.index = make(map[string]*cell, len(b.cells))
	for i, c := range b.cells {
		tests[i] = c.test
		b.index[c.test.goName()] = c
	}
	b.token = newToken()
	b.logScanned = b.m.vm.Console().Mark()
	if b.m.held != nil {
		return b.runHeld(ctx, tests)
	}
	suite := tests[0].Suite
	dir := cellDir
	env := append(b.lab.testEnv(b.spec), b.lab.runEnv()...)
	if own, ok := b.lab.own(suite); ok {
		dir = own.workDir()
		if b.spec.profile != nil {
			// What a test makes by testing.T.TempDir lies on the filesystem
			// under test. The agent makes only the directory it starts in.
			env = append(env, "TMPDIR="+cellDir)
			if err := b.m.mkdir(ctx, cellDir); err != nil {
				return b.stopped(b.m.autopsyOr(ctx, err))
			}
		}
	}
	reply, err := b.m.ctl.send(protocol.Request{Exec: &protocol.Exec{
		Path:  suitePath(suite),
		Args:  append(slices.Clone(testArgs), "-test.run="+runPattern(tests)),
		Env:   env,
		Dir:   dir,
		Token: b.token,
	}})
	if err != nil {
		return b.stopped(b.m.autopsy(ctx, outcome.Crash, "as the test process was to start"))
	}
	return b.watch(ctx, reply)
}

// runHeld is run where the process has been started and waits.
func (b *batch) runHeld(ctx context.Context, tests []PlannedTest) error {
	b.done = b.token
	b.token = b.m.held.token // in case that it dies
	reply := b.m.ctl.await(b.m.held.exec)
	word := protocol.Resume{Token: b.done, UnixNano: time.Now().UnixNano(), Entropy: entropy(), Run: runPattern(tests), Env: b.lab.runEnv()}
	if _, err := io.WriteString(b.m.keys, word.Encode()); err != nil {
		return b.stopped(b.m.autopsy(ctx, outcome.Crash, "as the test process was to go on"))
	}
	return b.watch(ctx, reply)
}

// suitePath is where a suite's test binary is in the guest.
func suitePath(suite string) string { return path.Join(suiteDir, suite+suiteSuffix) }

// testArgs are those of every test process.
var testArgs = []string{"-test.v=test2json", "-test.timeout=0", "-test.count=1"}

// runEnv is the part of a test process's environment that is the run's.
func (l *Lab) runEnv() []string {
	env := []string{
		protocol.EnvPolicy + "=" + string(l.cfg.Policy),
		fmt.Sprintf("%s=%d", protocol.EnvSeed, l.cfg.Seed),
	}
	if l.cfg.Faults {
		env = append(env, protocol.EnvFault+"=1")
	}
	return env
}

// testEnv is the rest of it: what kernel and filesystem need.
func (l *Lab) testEnv(spec *machineSpec) []string {
	env := []string{
		"GOTRACEBACK=all",
		// Collecting garbage is a tenth of a cell's time under TCG; a limit
		// keeps the process within the smallest VM.
		"GOGC=off", "GOMEMLIMIT=64MiB",
		protocol.EnvGuest + "=1",
		protocol.EnvSpare + "=" + spareDir,
	}
	if spec.profile != nil {
		env = append(env, protocol.EnvDir+"="+cellDir, protocol.EnvFS+"="+spec.profile.Name)
	}
	if len(spec.disks) > 0 && spec.disks[0].Path != "" { // not the kernel layer's empty one
		env = append(env, protocol.EnvDevice+"="+guestDisk(spec.disks[0].Driver))
	}
	return env
}

// watch is the batch's event loop.
func (b *batch) watch(ctx context.Context, reply <-chan protocol.Reply) error {
	tick := time.NewTicker(stallStep / 2)
	defer tick.Stop()
	clock := newWatch(time.Now())
	var now time.Duration
	var lastSign, cellBegan, exited time.Duration
	var ping <-chan protocol.Reply
	pingSent := time.Duration(-1)
	out, dead := b.m.out, b.m.vm.Done()
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
				return b.stopped(infraf("the test process could not be run: %s", r.Error))
			}
			b.exit = r.Exit
			exited = clock.look(time.Now())
		case <-ping:
			ping, pingSent = nil, -1
			lastSign = clock.look(time.Now())
		case <-dead:
			return b.stopped(b.died())
		case <-b.m.ctl.done:
			return b.stopped(b.wait(ctx))
		case <-tick.C:
		}
		now = clock.look(time.Now())
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
			return errUnsound
		}

		if e, ok := b.fatal(); ok {
			// The kernel has oopsed and lives on, or is about to die. Give it
			// a moment to say all it has to say.
			return b.stopped(b.poisoned(ctx, e))
		}
		if b.exit != nil && b.outputEnd && b.logEnd {
			return b.finish()
		}
		if b.exit != nil && now-exited > b.lab.cfg.Deadlines.Silence && now-lastSign > b.lab.cfg.Deadlines.Silence {
			return b.stopped(infraf("the test process ended (%s) but the end of its %s never came", describeExit(b.exit), b.missingEnd()))
		}
		// Between cells the clock runs from the last one's end.
		if now-cellBegan > b.lab.cfg.Deadlines.Cell && b.exit == nil {
			return b.stopped(b.overdue(ctx, ping == nil || pingSent < 0))
		}
		switch silent := now - lastSign; {
		case pingSent >= 0 && now-pingSent > b.lab.cfg.Deadlines.Silence:
			return b.stopped(b.overdue(ctx, false))
		case pingSent < 0 && silent > b.lab.cfg.Deadlines.Silence:
			if p, err := b.m.ctl.send(protocol.Request{Ping: &protocol.Ping{}}); err == nil {
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
		if c.reported || c.raw == "" {
			continue
		}
		if !end && (!b.marks || b.logOwner == c || !b.past(c)) {
			continue
		}
		a := judge(c, b.lab.cfg.Policy)
		b.crashed = a.Verdict == outcome.Crash
		b.finishCell(c, a)
	}
}

// past reports whether the log has reached a cell that began after c.
func (b *batch) past(c *cell) bool {
	return b.logOwner != nil && b.logOwner.started.After(c.started)
}

func (b *batch) finishCell(c *cell, a results.Attempt) {
	c.reported = true
	b.report(c, a)
}

// fatal looks for a dead kernel in the running part of the log.
func (b *batch) fatal() (console.Event, bool) {
	if b.logOwner == nil || b.logOwner.reported || b.logChecked == b.logScanned {
		return console.Event{}, false
	}
	b.logChecked = b.logScanned
	return b.logOwner.fatal()
}

// errUnsound is returned when every cell that ran is settled but the machine
// should not be used for others.
var errUnsound = errors.New("the VM is no longer sound")

// finish settles a process that ended in good order.
func (b *batch) finish() error {
	b.settle(true)
	if b.crashed {
		return errUnsound
	}
	if c := b.current; c != nil && c.running() {
		b.finishCell(c, b.brokenOff(c))
		return errUnsound
	}
	for _, c := range b.cells {
		if c.reported && c.raw == outcome.Fail && c.attrs[protocol.AttrOutcome] == "" {
			return errUnsound
		}
	}
	if b.current == nil {
		return infraf("the test process ended (%s) without having begun a test: %s", describeExit(b.exit), lastLine(b.tailOut.String()))
	}
	return nil
}
