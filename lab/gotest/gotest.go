// Package gotest parses the output of a Go test binary under -test.v=test2json,
// as it arrives, and reports what happened to which test.
//
// It is the streaming half of `go tool test2json`, which needs a Go toolchain
// on the host and a well-behaved test; the lab has neither. It must not know
// VMs, cells or verdicts.
package gotest

import (
	"bytes"
	"strings"
)

// Action is the kind of an Event.
type Action int

const (
	Output Action = iota // Text was printed while Test ran
	Run                  // Test began
	Pass                 // Test passed
	Fail                 // Test failed
	Skip                 // Test was skipped
	Attr                 // Test set the attribute Key to Value
)

// Event is one event in the output of the test binary.
type Event struct {
	Action     Action
	Test       string // e.g. "TestX/sub"; empty for output of no test
	Key, Value string // Attr
	Text       string // Output: one line, or a piece of a long one, newline included
}

// Ended reports whether e is the last event of a test.
func (e Event) Ended() bool { return e.Action == Pass || e.Action == Fail || e.Action == Skip }

// MaxLine is the longest line, in bytes, that is kept in one piece. A longer
// one is emitted in pieces: no framing line is that long.
const MaxLine = 64 << 10

// mark precedes each framing line, also in the middle of a line after text
// without a newline (testing's own choice: SYN, 0x16).
const mark = 0x16

// Parser turns bytes into events. The zero value is ready to use.
type Parser struct {
	buf     []byte
	current string // the test that plain output belongs to
}

// Feed parses more bytes and calls emit for each event that they complete.
func (p *Parser) Feed(b []byte, emit func(Event)) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			p.buf = append(p.buf, b...)
			if len(p.buf) >= MaxLine {
				p.line(p.buf, emit)
				p.buf = p.buf[:0]
			}
			return
		}
		if len(p.buf) == 0 {
			p.line(b[:i+1], emit)
		} else {
			p.buf = append(p.buf, b[:i+1]...)
			p.line(p.buf, emit)
			p.buf = p.buf[:0]
		}
		b = b[i+1:]
	}
}

// Flush emits an unfinished last line.
func (p *Parser) Flush(emit func(Event)) {
	if len(p.buf) > 0 {
		p.line(p.buf, emit)
		p.buf = p.buf[:0]
	}
}

// line parses one line or piece of a line. A mark may be anywhere in it: what
// precedes it is output without a newline.
func (p *Parser) line(b []byte, emit func(Event)) {
	for {
		i := bytes.IndexByte(b, mark)
		if i < 0 {
			p.output(b, emit)
			return
		}
		p.output(b[:i], emit)
		rest := b[i+1:]
		if p.frame(rest, emit) {
			return
		}
		b = rest // a stray mark: the rest is ordinary text
	}
}

func (p *Parser) output(b []byte, emit func(Event)) {
	if len(b) > 0 {
		emit(Event{Action: Output, Test: p.current, Text: string(b)})
	}
}

// frame interprets one framing line and reports whether it was one.
func (p *Parser) frame(b []byte, emit func(Event)) bool {
	s := strings.TrimRight(string(b), "\r\n")
	if rest, ok := strings.CutPrefix(s, "=== "); ok {
		verb, arg, _ := strings.Cut(rest, " ")
		arg = strings.TrimLeft(arg, " ")
		switch verb {
		case "RUN":
			p.current = arg
			emit(Event{Action: Run, Test: arg})
		case "NAME", "CONT":
			p.current = arg
		case "PAUSE":
			p.current = ""
		case "ATTR":
			name, kv, _ := strings.Cut(arg, " ")
			k, v, _ := strings.Cut(kv, " ")
			emit(Event{Action: Attr, Test: name, Key: k, Value: v})
		default:
			return false
		}
		return true
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(s, " "), "--- ")
	if !ok {
		// The binary's final PASS or FAIL is not about a test.
		return s == "PASS" || s == "FAIL"
	}
	verb, arg, ok := strings.Cut(rest, ": ")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(arg, " (")
	action, ok := map[string]Action{"PASS": Pass, "FAIL": Fail, "SKIP": Skip}[verb]
	if !ok {
		return false
	}
	emit(Event{Action: action, Test: name})
	if p.current == name {
		p.current = ""
	}
	return true
}
