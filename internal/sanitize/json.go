package sanitize

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// JSON escapes invisible characters in a JSON document, such as bidirectional
// overrides and control characters. The document's value is the same, but its
// text cannot mislead a reader nor command a terminal.
func JSON(doc []byte) []byte {
	return escaped(doc, func(b *bytes.Buffer, r rune) {
		if r > 0xffff {
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
			return
		}
		fmt.Fprintf(b, `\u%04x`, r)
	})
}

// YAML is JSON for a YAML document in which every string with an invisible
// character is in double quotes: see Invisible.
func YAML(doc []byte) []byte {
	return escaped(doc, func(b *bytes.Buffer, r rune) {
		if r > 0xffff {
			fmt.Fprintf(b, `\U%08x`, r)
			return
		}
		fmt.Fprintf(b, `\u%04x`, r)
	})
}

// Invisible reports whether s has characters that a reader does not see as they
// are. Newlines and tabs are visible.
func Invisible(s string) bool { return strings.ContainsFunc(s, invisible) }

func invisible(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }

func escaped(doc []byte, escape func(*bytes.Buffer, rune)) []byte {
	if bytes.IndexFunc(doc, invisible) < 0 {
		return doc
	}
	var b bytes.Buffer
	for _, r := range string(doc) {
		if invisible(r) {
			escape(&b, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}
