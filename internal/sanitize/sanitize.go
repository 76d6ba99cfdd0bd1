// Package sanitize makes text from a hostile guest safe to show and bounds its
// size. It is the lab's only sanitiser: text from kernel logs, tests and
// foreign reports passes through it before it reaches a terminal, a document or
// the results file.
//
// Every result is valid UTF-8 and consists of printable runes
// (unicode.IsPrint), plus newline and tab in the multi-line forms. So there are
// no terminal escapes, C0 or C1 controls, bidirectional overrides, zero-width
// characters, line separators, or look-alike spaces. Unprintable characters
// stay visible as \x1b, \u202e or \U000e0041.
//
// Text and Bounded keep lines; Line and Short make one line.
package sanitize

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine bounds the result of Line, in bytes.
const MaxLine = 4 << 10

// maxCR is how many carriage returns before a newline are dropped with it. Each
// serial driver in the path may add one; a longer run is not a line end.
const maxCR = 7

// Text escapes everything that is not printable except newlines and tabs.
// Carriage returns before a newline, as serial consoles send them, are dropped.
// Text is idempotent.
func Text(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); {
		n := unitLen(s[i:])
		b.WriteString(cleanUnit(s[i : i+n]))
		i += n
	}
	return b.String()
}

// Line cleans s as Text does, makes one line of it by replacing every run of
// white space with one space, and bounds it to MaxLine bytes as Bounded does.
// Line is idempotent.
func Line(s string) string {
	return strings.Join(strings.Fields(Bounded(s, MaxLine)), " ")
}

// Short is the one-line form for a column or a title: at most limit bytes
// (limit ≥ 3), each newline or tab replaced by a space, and a truncated tail by
// "…". Unlike Line it keeps only the head, and does not collapse spaces.
func Short(s string, limit int) string {
	const more = "…"
	var b strings.Builder
	end := 0 // length of b that leaves space for "…"
	for len(s) > 0 {
		_, n := utf8.DecodeRuneInString(s)
		if s[0] == '\n' || s[0] == '\t' {
			b.WriteByte(' ')
		} else {
			b.WriteString(cleanUnit(s[:n]))
		}
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

// isClean is the fast path: most text is plain ASCII.
func isClean(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x7f || (c < ' ' && c != '\n' && c != '\t') {
			return false
		}
	}
	return true
}

// unitLen is the length of the first unit that is cleaned as a whole: a rune,
// an invalid byte, or a line end with its carriage returns.
func unitLen(s string) int {
	for n := 0; n <= maxCR && n < len(s); n++ {
		if s[n] == '\n' {
			return n + 1
		}
		if s[n] != '\r' {
			break
		}
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// lastUnitLen is the length of the last unit of s.
func lastUnitLen(s string) int {
	_, n := utf8.DecodeLastRuneInString(s)
	if s[len(s)-1] == '\n' {
		for n <= maxCR && n < len(s) && s[len(s)-n-1] == '\r' {
			n++
		}
	}
	return n
}

// cleanUnit cleans one unit.
func cleanUnit(u string) string {
	if u[len(u)-1] == '\n' {
		return "\n"
	}
	r, n := utf8.DecodeRuneInString(u)
	switch {
	case r == utf8.RuneError && n == 1, r < ' ' && r != '\t', r == 0x7f:
		return fmt.Sprintf(`\x%02x`, u[0])
	case r == '\t', unicode.IsPrint(r):
		return u
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
