package markdown

import (
	"fmt"
	"html"
	"strings"

	"github.com/splicelab/splicelab/internal/sanitize"
)

// code makes s a one-line code span that no backtick in s can close.
func code(s string) string {
	if s = sanitize.Line(s); s == "" {
		return "(none)"
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " " // one space on each side is stripped
	}
	return fence + s + fence
}

// codeCell is a code span in a table. "|" separates columns even in code, and a
// backslash before it is not always an escape, so it becomes a broken bar.
func codeCell(s string) string { return code(strings.ReplaceAll(s, "|", "¦")) }

// fenced makes s a code block whose lines begin with indent.
func fenced(s, indent string) string {
	fence := strings.Repeat("`", max(3, longestRun(s)+1))
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s%stext\n", indent, fence)
	for line := range strings.Lines(s) {
		b.WriteString(indent + strings.TrimSuffix(line, "\n") + "\n")
	}
	fmt.Fprintf(&b, "%s%s\n\n", indent, fence)
	return b.String()
}

// longestRun is the length of the longest run of backticks in s.
func longestRun(s string) int {
	longest, run := 0, 0
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// escaped escapes one line of text for HTML, in which Markdown is not
// parsed.
func escaped(s string) string { return html.EscapeString(sanitize.Line(s)) }
