package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes guest text safe to show on a terminal and in a report: every
// control character except newline and tab becomes an escape such as \x1b, and
// so do invalid UTF-8 and the characters that reorder or hide text. A carriage
// return before a newline, as sent by serial consoles, is dropped. Clean is
// idempotent.
func Clean(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == '\r' && strings.HasPrefix(strings.TrimLeft(s[:min(len(s), 8)], "\r"), "\n"):
		default:
			writeSafe(&b, r, s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// CleanLine is Clean for one line of at most limit bytes, at least 3: newlines
// and tabs become spaces, and a line that is too long ends in "…".
func CleanLine(s string, limit int) string {
	const more = "…"
	var b strings.Builder
	end := 0 // what of b still leaves room for more
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == '\n' || r == '\t' {
			r = ' '
		}
		writeSafe(&b, r, s[:n])
		if b.Len() > limit {
			return b.String()[:end] + more
		}
		if b.Len() <= limit-len(more) {
			end = b.Len()
		}
		s = s[n:]
	}
	return b.String()
}

// writeSafe writes r, which was decoded from raw, as it is or as an escape.
func writeSafe(b *strings.Builder, r rune, raw string) {
	switch {
	case r == utf8.RuneError && len(raw) == 1, r < ' ', r == 0x7f:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r == utf8.RuneError, unicode.IsPrint(r):
		b.WriteRune(r)
	case r <= 0xffff:
		// Not printable: C1 controls, bidirectional overrides, zero-width
		// characters, line separators, private use.
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
