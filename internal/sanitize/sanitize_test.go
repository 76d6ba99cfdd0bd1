package sanitize_test

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/splicelab/splicelab/internal/sanitize"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, in, text, line string }{
		{"plain", "a b", "a b", "a b"},
		{"lines", "a\r\nb\n\tc", "a\nb\n\tc", "a b c"},
		{"lone CR", "a\rb", `a\x0db`, `a\x0db`},
		{"terminal escape", "\x1b[31mred\x1b]0;t\x07", `\x1b[31mred\x1b]0;t\x07`, `\x1b[31mred\x1b]0;t\x07`},
		{"C1 escape", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"NUL and DEL", "a\x00\x7f", `a\x00\x7f`, `a\x00\x7f`},
		{"invalid UTF-8", "a\xff\xc3(", `a\xff\xc3(`, `a\xff\xc3(`},
		{"surrogate", "\xed\xa0\x80", `\xed\xa0\x80`, `\xed\xa0\x80`},
		{"bidi", "\u202egnp\u2066", `\u202egnp\u2066`, `\u202egnp\u2066`},
		{"zero width", "a\u200bb\ufeff", `a\u200bb\ufeff`, `a\u200bb\ufeff`},
		{"line separator", "a\u2028b", `a\u2028b`, `a\u2028b`},
		{"beyond the BMP", "\U000e0041", `\U000e0041`, `\U000e0041`},
		{"spaces that look alike", "a\u00a0b\u3000", `a\u00a0b\u3000`, `a\u00a0b\u3000`},
		{"doubled CR", "a\r\r\nb", "a\nb", "a b"},
		{"letters", "grün 日本 🙂 \ufffd", "grün 日本 🙂 \ufffd", "grün 日本 🙂 \ufffd"},
	} {
		if got := sanitize.Text(c.in); got != c.text {
			t.Errorf("%s: Text %q, want %q", c.name, got, c.text)
		}
		if got := sanitize.Line(c.in); got != c.line {
			t.Errorf("%s: Line %q, want %q", c.name, got, c.line)
		}
	}
}

const maxText = 64 << 10

var dropped = regexp.MustCompile(`\n\[… (\d+) bytes dropped here …\]\n`)

func TestBoundedCountsWhatItDrops(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("x", maxText),
		strings.Repeat("x", maxText+1),
		"head" + strings.Repeat("x", 10*maxText) + "tail",
		"head" + strings.Repeat("\xff", maxText/2) + "tail", // grows when cleaned
		"head" + strings.Repeat("日", maxText) + "tail",
		"head" + strings.Repeat("a\r\n", maxText) + "tail",
		"head" + strings.Repeat("a\r\r\r\n", maxText) + "tail",
	} {
		got := sanitize.Bounded(in, maxText)
		if len(got) > maxText || !utf8.ValidString(got) {
			t.Errorf("%d bytes became %d, valid %v", len(in), len(got), utf8.ValidString(got))
		}
		if again := sanitize.Bounded(got, maxText); again != got {
			t.Error("bounding twice changes the text")
		}
		at := dropped.FindStringSubmatchIndex(got)
		if at == nil {
			if got != sanitize.Text(in) {
				t.Error("changed without a note")
			}
			continue
		}
		var n int
		if _, err := fmt.Sscan(got[at[2]:at[3]], &n); err != nil {
			t.Fatal(err)
		}
		// What was dropped is exactly what lies between head and tail.
		clean := sanitize.Text(in)
		head, tail := got[:at[0]], got[at[1]:]
		if !strings.HasPrefix(clean, head) || !strings.HasSuffix(clean, tail) {
			t.Error("head or tail differs from the text")
		}
		if want := len(in) - source(in, head) - sourceTail(in, tail); n != want {
			t.Errorf("reports %d dropped bytes, want %d", n, want)
		}
		if len(got) < maxText*9/10 {
			t.Errorf("kept %d bytes only", len(got))
		}
	}
}

// source is how many bytes at the start of in clean to head, sourceTail how
// many at its end clean to tail. CR LF makes that not monotonic, so the
// neighbourhood of the first guess is tried.
func source(in, head string) int {
	return longest(len(in), len(head), func(n int) string { return sanitize.Text(in[:n]) }, head)
}

func sourceTail(in, tail string) int {
	return longest(len(in), len(tail), func(n int) string { return sanitize.Text(in[len(in)-n:]) }, tail)
}

func longest(limit, size int, cleaned func(n int) string, want string) int {
	guess := sort.Search(limit, func(n int) bool { return len(cleaned(n)) >= size })
	for n := min(limit, guess+40); n >= max(0, guess-40); n-- {
		if cleaned(n) == want {
			return n
		}
	}
	return -1
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"</pre><script>\x1b[2J\x1b]0;owned\x07\u202egnp.exe\x00\xff{{.Run}}", "\r\n\r", "\xe2\x80", strings.Repeat("\xff日\r\n", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := sanitize.Text(s)
		if sanitize.Text(clean) != clean {
			t.Errorf("not idempotent: %q", s)
		}
		line := sanitize.Line(s)
		if len(line) > sanitize.MaxLine || sanitize.Line(line) != line || strings.ContainsAny(line, "\n\t") {
			t.Errorf("%q is not a clean line", line)
		}
		for _, r := range clean + line + sanitize.Bounded(s, 256) {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Fatalf("%q: %U survived", s, r)
			}
		}
		if b := sanitize.Bounded(s, 256); len(b) > 256 || !utf8.ValidString(b) {
			t.Errorf("bounded: %d bytes, %q", len(b), b)
		}
	})
}
