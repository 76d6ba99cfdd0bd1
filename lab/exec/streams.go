package exec

import (
	"bytes"
	"strings"
	"time"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/lab/gotest"
	"github.com/splicelab/splicelab/outcome"
)

// This file reads what a batch receives on the output channel and in the kernel
// log, and attributes each piece to its cell.

// take reads a chunk of the output channel: lines for the parser, up to the end
// mark, which only the agent knows.
func (b *batch) take(chunk []byte) {
	mark := protocol.EndMark(b.token)
	b.line = append(b.line, chunk...)
	for !b.outputEnd {
		i := bytes.IndexByte(b.line, '\n')
		if i < 0 {
			break
		}
		line := string(bytes.TrimRight(b.line[:i], "\r"))
		done := false
		if b.done != "" {
			var status int
			if status, done = protocol.ParseDone(line, b.done); done {
				b.exit = &protocol.Exit{Code: status}
			}
		}
		if done || line == mark {
			b.outputEnd = true
			b.parser.Flush(b.event)
		} else {
			b.parser.Feed(b.line[:i+1], b.event)
		}
		b.line = b.line[i+1:]
	}
	// A line that is longer than any mark is forwarded in pieces.
	if !b.outputEnd && len(b.line) > gotest.MaxLine {
		b.parser.Feed(b.line, b.event)
		b.line = nil
	}
}

// event handles what the test binary reported. The result of a cell that was not
// seen to start is ignored.
func (b *batch) event(e gotest.Event) {
	c := b.index[e.Test]
	switch {
	case c == nil:
		b.parent(e)
	case e.Action == gotest.Run:
		if !c.started.IsZero() {
			return
		}
		c.started, c.attrs = time.Now(), b.inherited(c)
		b.begun, b.current = append(b.begun, c), c
		b.readLog()
		if !b.marks {
			b.logOwner = c // the best guess without marks
		}
		b.onStart(c)
	case !c.running():
		return
	case e.Action == gotest.Attr:
		if len(c.attrs) < maxAttrs {
			c.attrs[e.Key] = e.Value
		}
	case e.Action == gotest.Output:
		c.output.WriteString(e.Text)
	case e.Ended():
		c.result, c.ended = verdictOf(e.Action), time.Now()
	}
}

// maxAttrs bounds the attributes that a misbehaving test can make the lab keep.
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

// parent handles events of tests that are not cells: a parent of cells, or a
// subtest of one whose subtests were not known beforehand.
func (b *batch) parent(e gotest.Event) {
	if e.Action == gotest.Output {
		if b.current != nil && (e.Test == "" || strings.HasPrefix(e.Test, b.current.Test.GoName()+"/")) && b.current.running() {
			b.current.output.WriteString(e.Text)
			return
		}
		b.tailOut.WriteString(e.Text)
		return
	}
	if e.Action == gotest.Attr {
		if b.current != nil && b.current.running() && strings.HasPrefix(e.Test, b.current.Test.GoName()+"/") {
			b.subAttr(e)
		} else if len(b.shared) < maxAttrs*len(b.cells) {
			b.shared = append(b.shared, e)
		}
		return
	}
	if e.Action != gotest.Fail && e.Action != gotest.Skip {
		return
	}
	// The result of a parent that ended before its subtests began is theirs.
	for _, c := range b.cells {
		if c.started.IsZero() && strings.HasPrefix(c.Test.GoName(), e.Test+"/") {
			c.started, c.ended, c.result = time.Now(), time.Now(), verdictOf(e.Action)
			b.begun = append(b.begun, c)
			c.output.WriteString(b.tailOut.String())
		}
	}
}

// inherited are the attributes that a cell's parent set before the cell began:
// those that all cells of a test share are sent once.
func (b *batch) inherited(c *cell) map[string]string {
	attrs := map[string]string{}
	for _, e := range b.shared {
		if strings.HasPrefix(c.Test.GoName(), e.Test+"/") {
			attrs[e.Key] = e.Value
		}
	}
	return attrs
}

// subAttr merges a subtest's attribute into its cell; the worst outcome wins.
func (b *batch) subAttr(e gotest.Event) {
	attrs := b.current.attrs
	if e.Key == protocol.AttrOutcome {
		w := outcome.Worst(outcome.Outcome(attrs[e.Key]), outcome.Outcome(e.Value))
		if string(w) == attrs[e.Key] {
			return
		}
	}
	if len(attrs) < maxAttrs {
		attrs[e.Key] = e.Value
	}
}

// readLog reads what is new in the kernel log and attributes each line to its
// cell.
func (b *batch) readLog() {
	news, end := b.m.VM.Console().Next(b.logScanned)
	if end == b.logScanned {
		return
	}
	b.logLine = append(b.logLine, news...)
	b.logScanned = end
	for {
		i := bytes.IndexByte(b.logLine, '\n')
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
	if strings.Contains(line, protocol.EndOfLog(b.token)) || b.done != "" && strings.Contains(line, protocol.EndOfLog(b.done)) {
		b.logEnd = true
		return
	}
	if name, ok := protocol.ParseCellMark(line); ok {
		if c := b.index[name]; c != nil {
			b.marks, b.logOwner = true, c
			return
		}
	}
	if b.logOwner != nil {
		b.logOwner.log.WriteString(line)
	}
}
