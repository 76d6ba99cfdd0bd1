package sanitize

import (
	"fmt"
	"strings"
)

// Bounded cleans s as Text does and keeps at most limit bytes of the result:
// its head and its tail, with a note in between that counts the dropped bytes
// of s. The tail has what a test observed and why a kernel died; the head has
// the first of many errors. A limit below 64 leaves no space for the note.
// Bounded is idempotent.
func Bounded(s string, limit int) string {
	// Cleaning removes nothing but carriage returns at line ends, so a longer
	// text cannot fit.
	if len(s) <= (maxCR+1)*limit {
		if c := Text(s); len(c) <= limit {
			return c
		}
	}
	const note = "\n[… %d bytes dropped here …]\n"
	room := limit - len(fmt.Sprintf(note, len(s)))
	var head strings.Builder
	from := 0
	for from < len(s) {
		n := unitLen(s[from:])
		c := cleanUnit(s[from : from+n])
		if head.Len()+len(c) > room/2 {
			break
		}
		head.WriteString(c)
		from += n
	}
	var tail []string
	to, size := len(s), 0
	for to > from {
		n := lastUnitLen(s[from:to])
		c := cleanUnit(s[to-n : to])
		if size+len(c) > room-head.Len() {
			break
		}
		tail = append(tail, c)
		size += len(c)
		to -= n
	}
	var b strings.Builder
	b.Grow(limit)
	b.WriteString(head.String())
	fmt.Fprintf(&b, note, to-from)
	for i := len(tail) - 1; i >= 0; i-- {
		b.WriteString(tail[i])
	}
	return b.String()
}
