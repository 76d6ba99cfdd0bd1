package kit

import (
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// probed is what a part of a cell came to.
type probed struct {
	finding Finding
	missing string // the precondition for want of which it was left out
}

// left unwinds a probe that is left out.
type left struct{}

// Probe runs body as one of several parts of a cell, none of which ends it:
// what body would have recorded is returned instead, and why it would have
// skipped the cell. Its pipes are closed after it, and the covariates that it
// sets are dropped, as they are not those of the cell.
func (c *Cell) Probe(body func()) (f Finding, missing string) {
	c.T.Helper()
	pipes, expect := len(c.pipes), c.expect
	c.probe = &probed{}
	defer func() {
		p := recover()
		f, missing = c.probe.finding, c.probe.missing
		for _, p := range c.pipes[pipes:] {
			p.CloseRead()
			p.CloseWrite()
		}
		c.pipes, c.expect, c.blocked, c.probe = c.pipes[:pipes], expect, "", nil
		if c.injected {
			c.Attr(protocol.AttrFault, string(c.test.fault())) // what was set in the probe was dropped
		}
		switch p.(type) {
		case nil, concluded, left:
		default:
			panic(p)
		}
	}()
	body()
	return f, missing
}

// Attempt performs an operation that may wait until the pipes of the cell are
// drained, and says what it came to: "ok", "blocked", or the errno's name.
func (c *Cell) Attempt(call string, op func() error) string {
	c.T.Helper()
	err := c.do(call, op)
	var text string
	switch {
	case c.blocked == call:
		text = string(outcome.Blocked)
	case err == nil:
		text = "ok"
	default:
		text = ErrnoName(err)
	}
	return text
}

// Resident says whether the page at off is in the page cache: "yes", "no",
// or "" when the kernel does not tell.
func (f *File) Resident(off int64) string { return f.resident(off) }

// Frame is the number of the page frame that caches off; false when nothing
// does, or the kernel does not tell.
func (f *File) Frame(off int64) (uint64, bool) {
	info, ok := f.page(off)
	return info.frame, ok
}
