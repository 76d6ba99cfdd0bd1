package results

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of stored text that a guest wrote, in bytes.
const (
	MaxText       = 64 << 10 // Output and Console, each
	MaxLine       = 4 << 10  // Detail and every name
	MaxCovariates = 128      // number of covariates of an attempt
)

// Clean makes the text of a hostile guest safe for a terminal or a document:
// invalid UTF-8, control characters and invisible ones (terminal escapes,
// bidirectional overrides, zero-width characters) become
// a visible escape such as \x1b or \u202e. Newlines and tabs stay; CR LF
// becomes LF. Cleaning twice changes nothing.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); {
		n := pieceLen(s[i:])
		b.WriteString(cleanPiece(s[i : i+n]))
		i += n
	}
	return b.String()
}

// CleanLine cleans s as Clean does, makes one line of it by replacing every
// run of white space with one space, and bounds it to MaxLine bytes.
func CleanLine(s string) string {
	return strings.Join(strings.Fields(Bounded(s, MaxLine)), " ")
}

// isClean is the fast path: most text is plain ASCII.
func isClean(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x7f || (c < ' ' && c != '\n' && c != '\t') {
			return false
		}
	}
	return true
}

// pieceLen is the length of the first unit that is cleaned as a whole.
func pieceLen(s string) int {
	if strings.HasPrefix(s, "\r\n") {
		return 2
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// cleanPiece cleans one unit as pieceLen delimits it.
func cleanPiece(p string) string {
	if p == "\r\n" {
		return "\n"
	}
	r, n := utf8.DecodeRuneInString(p)
	switch {
	case r == utf8.RuneError && n == 1, r < ' ' && r != '\n' && r != '\t', r == 0x7f:
		return fmt.Sprintf(`\x%02x`, p[0])
	case r == '\n', r == '\t', unicode.IsGraphic(r):
		return p
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Bounded cleans s as Clean does and keeps at most limit bytes of the result: its head and
// its tail, with a note between them that counts the bytes of s left out.
// The end is where a test says what it saw and a kernel says why it died;
// the head is where the first of many errors is. A limit below 64 has no room
// for the note.
func Bounded(s string, limit int) string {
	// Cleaning shrinks text only by the CR of CR LF, so twice the limit is
	// enough to know that nothing has to go.
	if len(s) <= 2*limit {
		if c := Clean(s); len(c) <= limit {
			return c
		}
	}
	const note = "\n[… %d bytes dropped here …]\n"
	room := limit - len(fmt.Sprintf(note, len(s)))
	var head strings.Builder
	from := 0
	for from < len(s) {
		n := pieceLen(s[from:])
		c := cleanPiece(s[from : from+n])
		if head.Len()+len(c) > room/2 {
			break
		}
		head.WriteString(c)
		from += n
	}
	var tail []string
	to, size := len(s), 0
	for to > from {
		_, n := utf8.DecodeLastRuneInString(s[from:to])
		if n == 1 && strings.HasSuffix(s[from:to], "\r\n") {
			n = 2
		}
		c := cleanPiece(s[to-n : to])
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
