package vm

import (
	"fmt"
	"io"
	"sync"
)

// Console keeps the first and the last part of what a guest printed: a guest
// may print without end, and what matters is how it began and how it ended. It
// never stores more than its limit, and reports exactly how much it dropped. It
// may be used from several goroutines.
type Console struct {
	mu    sync.Mutex
	head  []byte // the first bytes, up to headCap
	tail  []byte // a ring of tailCap bytes once it is full; byte n of the stream, n ≥ headCap, is at (n-headCap) % tailCap
	total int64  // bytes written so far

	headCap, tailCap int

	teeMu sync.Mutex
	tee   io.Writer
}

// NewConsole returns a console that keeps limit bytes, half of them from the
// beginning. A limit below 2 counts as 2.
func NewConsole(limit int) *Console {
	limit = max(limit, 2)
	return &Console{headCap: limit / 2, tailCap: limit - limit/2}
}

// Tee also writes all further output to w, as the guest wrote it: w must make
// it safe for a terminal. A w that fails is dropped; a slow one slows the guest
// down. Nil ends it.
func (c *Console) Tee(w io.Writer) {
	c.teeMu.Lock()
	defer c.teeMu.Unlock()
	c.tee = w
}

// Write appends p. It never fails.
func (c *Console) Write(p []byte) (int, error) {
	c.keep(p)
	c.teeMu.Lock()
	defer c.teeMu.Unlock()
	if c.tee != nil {
		if _, err := c.tee.Write(p); err != nil {
			c.tee = nil
		}
	}
	return len(p), nil
}

func (c *Console) keep(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if room := c.headCap - len(c.head); room > 0 {
		n := min(room, len(p))
		c.head = append(c.head, p[:n]...)
		c.total += int64(n)
		p = p[n:]
	}
	if over := len(p) - c.tailCap; over > 0 {
		c.total += int64(over)
		p = p[over:]
		// The ring is overwritten completely.
		c.tail = c.tail[:0]
		if cap(c.tail) < c.tailCap {
			c.tail = make([]byte, 0, c.tailCap)
		}
		c.tail = c.tail[:c.tailCap]
	}
	for len(p) > 0 {
		at := int((c.total - int64(c.headCap)) % int64(c.tailCap))
		var n int
		if at == len(c.tail) && len(c.tail) < c.tailCap {
			n = min(len(p), c.tailCap-at)
			c.tail = append(c.tail, p[:n]...)
		} else {
			n = copy(c.tail[at:], p)
		}
		c.total += int64(n)
		p = p[n:]
	}
}

// drain copies r to the console until EOF or an error.
func (c *Console) drain(r io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			_, _ = c.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// Mark is the current end of the stream, as an absolute offset for Since.
func (c *Console) Mark() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// Bytes returns a copy of what is kept, with a line that says how much is
// missing, if anything is.
func (c *Console) Bytes() []byte { return c.Since(0) }

// Since returns a copy of what is kept from the absolute offset mark on, with a
// line that says how many bytes from there are missing, if any are.
func (c *Console) Since(mark int64) []byte {
	b, _ := c.Next(mark)
	return b
}

// Next is Since for a reader that follows the console: it also returns the mark
// for its next call, so that no byte is missed or read twice.
func (c *Console) Next(mark int64) ([]byte, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mark = min(max(mark, 0), c.total)

	var out []byte
	if mark < int64(len(c.head)) {
		out = append(out, c.head[mark:]...)
		mark = int64(len(c.head))
	}
	oldest := c.total - int64(len(c.tail)) // of the tail
	if mark < oldest {
		out = fmt.Appendf(out, "\n[splicelab: %d bytes of output dropped here]\n", oldest-mark)
		mark = oldest
	}
	for mark < c.total {
		at := int((mark - int64(c.headCap)) % int64(c.tailCap))
		n := min(c.total-mark, int64(len(c.tail)-at))
		out = append(out, c.tail[at:int64(at)+n]...)
		mark += n
	}
	return out, c.total
}
