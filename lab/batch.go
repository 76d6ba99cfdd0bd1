package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"splicelab/lab/console"
	"splicelab/lab/gotest"
	"splicelab/lab/wire"
	"splicelab/outcome"
	"splicelab/results"
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
	token string
	// report is called once for each cell whose verdict is certain.
	report  func(*cell, results.Attempt)
	onStart func(*cell)

	parser     gotest.Parser
	tailOut    excerpt // output of no cell: the process's last words
	line       []byte  // unfinished line of the output channel
	outputEnd  bool    // the end mark was read
	current    *cell   // the last one that began
	logScanned int64   // console offset up to which log was read
	logLine    []byte
	logOwner   *cell // whose part of the kernel log this is
	marks      bool  // this binary marks its cells in the kernel log
	logEnd     bool  // the end-of-log mark was read
	logChecked int64 // console offset up to which a crash was looked for
	exit       *wire.Exit
}

// maxRunPattern bounds one -test.run argument: Linux takes 128 KiB in one
// argument, and one control line must hold the whole request.
const maxRunPattern = 100 << 10

// fitting returns how many of tests fit into one batch: all of one suite,
// up to what one argument holds.
func fitting(tests []PlannedTest) int {
	size := 0
	for i, t := range tests {
		size += len(runPattern(tests[i:i+1])) + 1
		if i > 0 && (t.Suite != tests[0].Suite || size > maxRunPattern) {
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
	suite := tests[0].Suite
	reply, err := b.m.ctl.send(wire.Request{Exec: &wire.Exec{
		Path:  path.Join(suiteDir, suite+suiteSuffix),
		Args:  []string{"-test.v=test2json", "-test.timeout=0", "-test.count=1", "-test.run=" + runPattern(tests)},
		Env:   b.lab.testEnv(b.spec),
		Dir:   cellDir,
		Token: b.token,
	}})
	if err != nil {
		return b.stopped(b.m.autopsy(ctx, outcome.Crash, "as the test process was to start"))
	}
	return b.watch(ctx, reply)
}

// testEnv is the environment of a test process.
func (l *Lab) testEnv(spec *machineSpec) []string {
	env := []string{
		"PATH=/bbin:/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/root", "TMPDIR=/tmp", "GOTRACEBACK=all",
		wire.EnvGuest + "=1",
		wire.EnvSpare + "=" + spareDir,
		wire.EnvPolicy + "=" + string(l.cfg.Policy),
		fmt.Sprintf("%s=%d", wire.EnvSeed, l.cfg.Seed),
	}
	if spec.profile != nil {
		env = append(env, wire.EnvDir+"="+cellDir, wire.EnvFS+"="+spec.profile.Name)
	}
	if len(spec.disks) > 0 {
		env = append(env, wire.EnvDevice+"="+guestDisk(spec.disks[0].Driver))
	}
	return env
}

// watch is the batch's event loop.
func (b *batch) watch(ctx context.Context, reply <-chan wire.Reply) error {
	tick := time.NewTicker(stallStep / 2)
	defer tick.Stop()
	clock := newWatch(time.Now())
	var now time.Duration
	var lastSign, cellBegan, exited time.Duration
	var ping <-chan wire.Reply
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
			if p, err := b.m.ctl.send(wire.Request{Ping: &wire.Ping{}}); err == nil {
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

// take reads a chunk of the output channel: lines for the parser up to the
// end mark, which only the agent knows.
func (b *batch) take(chunk []byte) {
	mark := wire.EndMark(b.token)
	b.line = append(b.line, chunk...)
	for !b.outputEnd {
		i := strings.IndexByte(string(b.line), '\n')
		if i < 0 {
			break
		}
		if strings.TrimRight(string(b.line[:i]), "\r") == mark {
			b.outputEnd = true
			b.parser.Flush(b.event)
		} else {
			b.parser.Feed(b.line[:i+1], b.event)
		}
		b.line = b.line[i+1:]
	}
	// A line that is longer than any mark is passed on in pieces.
	if !b.outputEnd && len(b.line) > gotest.MaxLine {
		b.parser.Feed(b.line, b.event)
		b.line = nil
	}
}

// event takes what the test binary said. Only cells of this batch that were
// seen to begin can end: a result out of nowhere is not a result.
func (b *batch) event(e gotest.Event) {
	c := b.index[e.Test]
	switch {
	case c == nil:
		b.parent(e)
	case e.Action == gotest.Run:
		if !c.started.IsZero() {
			return
		}
		c.started, c.attrs = time.Now(), map[string]string{}
		b.current = c
		b.readLog()
		if !b.marks {
			b.logOwner = c // the best that can be told without marks
		}
		b.onStart(c)
	case !c.running():
		return
	case e.Action == gotest.Attr:
		if len(c.attrs) < maxAttrs {
			c.attrs[e.Key] = e.Value
		}
	case e.Action == gotest.Output:
		c.output.add(e.Text)
	case e.Ended():
		c.raw, c.ended = verdictOf(e.Action), time.Now()
	}
}

// maxAttrs bounds what a test that lies may make the lab remember.
const maxAttrs = 64

func verdictOf(a gotest.Action) outcome.Verdict {
	switch a {
	case gotest.Pass:
		return outcome.Pass
	case gotest.Skip:
		return outcome.Skip
	}
	return outcome.Fail
}

// parent takes events of tests that are not cells: a parent of cells, or a
// subtest of one whose subtests were not known beforehand.
func (b *batch) parent(e gotest.Event) {
	if e.Action == gotest.Output {
		if b.current != nil && (e.Test == "" || strings.HasPrefix(e.Test, b.current.test.goName()+"/")) && b.current.running() {
			b.current.output.add(e.Text)
			return
		}
		b.tailOut.add(e.Text)
		return
	}
	if e.Action == gotest.Attr {
		if b.current != nil && b.current.running() && strings.HasPrefix(e.Test, b.current.test.goName()+"/") {
			b.subAttr(e)
		}
		return
	}
	if e.Action != gotest.Fail && e.Action != gotest.Skip {
		return
	}
	// A parent that gave up before its subtests began speaks for them.
	for _, c := range b.cells {
		if c.started.IsZero() && strings.HasPrefix(c.test.goName(), e.Test+"/") {
			c.started, c.ended, c.raw = time.Now(), time.Now(), verdictOf(e.Action)
			c.output.add(b.tailOut.String())
		}
	}
}

// subAttr merges what a subtest says into its cell: the worst outcome stands.
func (b *batch) subAttr(e gotest.Event) {
	attrs := b.current.attrs
	if e.Key == wire.AttrOutcome {
		w := outcome.Worst(outcome.Outcome(attrs[e.Key]), outcome.Outcome(e.Value))
		if string(w) == attrs[e.Key] {
			return
		}
	}
	if len(attrs) < maxAttrs {
		attrs[e.Key] = e.Value
	}
}

// readLog takes what is new in the kernel log and gives each line to the
// cell that it belongs to.
func (b *batch) readLog() {
	news, end := b.m.vm.Console().Next(b.logScanned)
	if end == b.logScanned {
		return
	}
	b.logLine = append(b.logLine, news...)
	b.logScanned = end
	for {
		i := strings.IndexByte(string(b.logLine), '\n')
		if i < 0 {
			break
		}
		b.logOf(string(b.logLine[:i+1]))
		b.logLine = b.logLine[i+1:]
	}
	if len(b.logLine) > gotest.MaxLine {
		b.logOf(string(b.logLine))
		b.logLine = nil
	}
}

func (b *batch) logOf(line string) {
	if strings.Contains(line, wire.EndOfLog(b.token)) {
		b.logEnd = true
		return
	}
	if name, ok := wire.ParseCellMark(line); ok {
		if c := b.index[name]; c != nil {
			b.marks, b.logOwner = true, c
			return
		}
	}
	if b.logOwner != nil {
		b.logOwner.log.add(line)
	}
}

// settle reports the cells whose result and kernel log are both complete: the
// log has moved on to another cell, or, at the end, has ended.
func (b *batch) settle(end bool) {
	for _, c := range b.cells {
		if c.reported || c.raw == "" {
			continue
		}
		if !end && (!b.marks || b.logOwner == c || !b.past(c)) {
			continue
		}
		b.finishCell(c, judge(c, b.lab.cfg.Policy))
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
	if c := b.current; c != nil && c.running() {
		b.finishCell(c, b.brokenOff(c))
		return errUnsound
	}
	for _, c := range b.cells {
		if c.reported && c.raw == outcome.Fail && c.attrs[wire.AttrOutcome] == "" {
			return errUnsound
		}
	}
	if b.current == nil {
		return infraf("the test process ended (%s) without having begun a test: %s", describeExit(b.exit), lastLine(b.tailOut.String()))
	}
	return nil
}

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
	for _, c := range b.cells {
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
		for _, c := range b.cells {
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
	err := b.m.autopsy(ctx, outcome.Crash, "while "+b.doing())
	var end *ended
	if errors.As(err, &end) {
		select {
		case <-b.m.vm.Done():
			return b.died()
		default:
		}
	}
	return err
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
