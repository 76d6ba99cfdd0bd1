// Package headtail keeps the head and the tail of a text of unknown length in
// bounded memory: a guest may print forever, and what matters is how its output
// began and ended.
package headtail

import "fmt"

// DefaultLimit is how many bytes a Buffer without a limit keeps.
const DefaultLimit = 64 << 10

// Buffer keeps the first and the last bytes of what is written to it, half of
// its limit each, and counts those dropped in between. The zero value keeps
// DefaultLimit. It is not safe for concurrent use.
type Buffer struct {
	limit int
	head  []byte
	tail  []byte // a ring once it is full; byte n of the stream is at (n-len(head)) % cap
	total int64  // bytes written so far
}

// New returns a buffer that keeps limit bytes. A limit below 2 counts as 2.
func New(limit int) *Buffer { return &Buffer{limit: max(limit, 2)} }

func (b *Buffer) caps() (head, tail int) {
	if b.limit == 0 {
		b.limit = DefaultLimit
	}
	return b.limit / 2, b.limit - b.limit/2
}

// Total is how many bytes were written.
func (b *Buffer) Total() int64 { return b.total }

// WriteString is Write for a string.
func (b *Buffer) WriteString(s string) { _, _ = b.Write([]byte(s)) }

// Write appends p. It never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	written := len(p)
	headCap, tailCap := b.caps()
	if room := headCap - len(b.head); room > 0 {
		n := min(room, len(p))
		b.head = append(b.head, p[:n]...)
		b.total += int64(n)
		p = p[n:]
	}
	if over := len(p) - tailCap; over > 0 {
		// The ring is overwritten completely.
		b.total += int64(over)
		p = p[over:]
		if cap(b.tail) < tailCap {
			b.tail = make([]byte, 0, tailCap)
		}
		b.tail = b.tail[:tailCap]
	}
	for len(p) > 0 {
		at := int((b.total - int64(headCap)) % int64(tailCap))
		var n int
		if at == len(b.tail) && len(b.tail) < tailCap {
			n = min(len(p), tailCap-at)
			b.tail = append(b.tail, p[:n]...)
		} else {
			n = copy(b.tail[at:], p)
		}
		b.total += int64(n)
		p = p[n:]
	}
	return written, nil
}

// Next returns a copy of what is kept from the absolute offset mark on, and the
// mark for the next call, so that a reader gets each byte once. A line reports
// how many bytes were dropped.
func (b *Buffer) Next(mark int64) ([]byte, int64) {
	headCap, tailCap := b.caps()
	mark = min(max(mark, 0), b.total)
	var out []byte
	if mark < int64(len(b.head)) {
		out = append(out, b.head[mark:]...)
		mark = int64(len(b.head))
	}
	oldest := b.total - int64(len(b.tail)) // offset of the tail
	if mark < oldest {
		out = fmt.Appendf(out, "\n[splicelab: %d bytes of output dropped here]\n", oldest-mark)
		mark = oldest
	}
	for mark < b.total {
		at := int((mark - int64(headCap)) % int64(tailCap))
		n := min(b.total-mark, int64(len(b.tail)-at))
		out = append(out, b.tail[at:int64(at)+n]...)
		mark += n
	}
	return out, b.total
}

// String is everything that is kept.
func (b *Buffer) String() string {
	out, _ := b.Next(0)
	return string(out)
}
