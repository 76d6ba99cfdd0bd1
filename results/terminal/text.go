package terminal

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
)

func paint(color bool, sgr, text string) string {
	if !color || sgr == "" || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// shorten removes the middle of s so that it is at most width columns wide:
// test names differ at their ends.
func shorten(s string, width int) string {
	if runewidth.StringWidth(s) <= width {
		return s
	}
	head := runewidth.Truncate(s, (width-1)/2, "")
	tail := runewidth.TruncateLeft(s, runewidth.StringWidth(s)-(width-1-runewidth.StringWidth(head)), "")
	return head + "…" + tail
}

// pad pads s, which may be coloured, with spaces to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-visible(s)))
}

// cut shortens s at its end to width columns.
func cut(s string, width int) string { return runewidth.Truncate(s, width, "…") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// writeWrapped writes head and parts, with line breaks between parts. Without parts
// it writes nothing. A part that is wider than a line is shortened.
func writeWrapped(b *bytes.Buffer, head string, parts []string, between string, width int) {
	if len(parts) == 0 {
		return
	}
	indent := min(visible(head), width/2)
	line, end := head, strings.TrimRight(between, " |") // the end of a wrapped line
	for i, p := range parts {
		after := end
		if i == len(parts)-1 {
			after = ""
		}
		if visible(p)+visible(after) > width-indent && !strings.Contains(p, "\x1b") {
			p = shorten(p, width-indent-visible(after))
		}
		switch {
		case i == 0 && visible(line+p+after) > width:
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = strings.Repeat(" ", indent) + p
		case i == 0:
			line += p
		case visible(line+between+p+after) > width:
			b.WriteString(line + end + "\n")
			line = strings.Repeat(" ", indent) + p
		default:
			line += between + p
		}
	}
	b.WriteString(line + "\n")
}

// writeWords writes plain text, with line breaks between words, further lines
// indented as far as head is wide. Nothing of it is left out: a word that is
// wider than a line is broken.
func writeWords(b *bytes.Buffer, head, text string, width int) {
	var words []string
	room := max(width-min(visible(head), width/2), 1)
	for word := range strings.FieldsSeq(text) {
		for visible(word) > room {
			start := runewidth.Truncate(word, room, "")
			words, word = append(words, start), word[len(start):]
		}
		words = append(words, word)
	}
	writeWrapped(b, head, words, " ", width)
}

// visible is the width of s without colours.
func visible(s string) int {
	w := 0
	for {
		from := strings.IndexByte(s, '\x1b')
		if from < 0 {
			return w + runewidth.StringWidth(s)
		}
		w += runewidth.StringWidth(s[:from])
		end := strings.IndexByte(s[from:], 'm')
		if end < 0 {
			return w
		}
		s = s[from+end+1:]
	}
}

// trimBlanks ends a line and removes trailing blanks, which could wrap.
func trimBlanks(b *bytes.Buffer) {
	b.Truncate(len(bytes.TrimRight(b.Bytes(), " ")))
	b.WriteByte('\n')
}
