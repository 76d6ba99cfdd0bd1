package kit

import (
	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// probed is the result of a part of a cell.
type probed struct {
	finding Finding
	missing string // the missing precondition for which it was skipped
}

// skipped unwinds a skipped probe.
type skipped struct{}

// Probe runs body as one of several parts of a cell without ending the cell: it
// returns what body would have recorded, or why it would have skipped. Its pipes
// are closed afterwards, and its covariates are dropped, since they do not apply
// to the whole cell.
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
			c.Attr(protocol.AttrFault, string(c.test.fault())) // covariates set in the probe were dropped
		}
		switch p.(type) {
		case nil, concluded, skipped:
		default:
			panic(p)
		}
	}()
	body()
	return f, missing
}

// Attempt performs an operation that may block until the pipes of the cell are
// drained, and returns its result: "ok", "blocked", or the errno's name.
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

// Resident returns whether the page at off is in the page cache: "yes", "no", or
// "" if unknown.
func (f *File) Resident(off int64) string { return f.resident(off) }

// Frame is the page frame number that caches off; false if there is none, or it
// is unknown.
func (f *File) Frame(off int64) (uint64, bool) {
	info, ok := f.page(off)
	return info.frame, ok
}
