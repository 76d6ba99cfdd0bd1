package sanitize_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/splicelab/splicelab/internal/sanitize"
)

func TestTextFromSerialPort(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain text, tabs\tand\nlines\n", "plain text, tabs\tand\nlines\n"},
		{"from a serial port\r\nand one that doubles\r\r\n", "from a serial port\nand one that doubles\n"},
		{"over\rwritten", `over\x0dwritten`},
		{"\x1b[2J\x1b]0;title\x07", `\x1b[2J\x1b]0;title\x07`},
		{"nul \x00 del \x7f bell \a", `nul \x00 del \x7f bell \x07`},
		{"bad \xff\xfe utf-8 \xe2\x80", `bad \xff\xfe utf-8 \xe2\x80`},
		{"c1 \u009b31m", `c1 \u009b31m`},
		{"bidi \u202e \u2066 \u061c", `bidi \u202e \u2066 \u061c`},
		{"hidden \u200b \ufeff \U000e0041", `hidden \u200b \ufeff \U000e0041`},
		{"separators \u2028 \u00a0", `separators \u2028 \u00a0`},
		{"grüße, 漢字, \ufffd", "grüße, 漢字, \ufffd"},
	} {
		if got := sanitize.Text(c.in); got != c.want {
			t.Errorf("Text(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestShort(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly 10", 10, "exactly 10"},
		{"exactly 10.", 10, "exactly…"},
		{"two\nlines\tand tabs", 80, "two lines and tabs"},
		{"\x1b\x1b\x1b", 12, `\x1b\x1b\x1b`},
		{"\x1b\x1b\x1b", 11, `\x1b\x1b…`},
		{"漢字漢字", 9, "漢字…"},
		{"long", 3, "…"},
		{"", 3, ""},
	} {
		if got := sanitize.Short(c.in, c.limit); got != c.want {
			t.Errorf("sanitize.Short(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func FuzzShort(f *testing.F) {
	for _, s := range []string{"a\nb\tc", "\x1b[0m\r\n", "\xff\u202e", "\r\r\r\r\r\r\r\r\r\r\n", "漢\u009b"} {
		f.Add(s, 12)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := sanitize.Text(s)
		safe(t, got, "\n\t")
		if again := sanitize.Text(got); again != got {
			t.Errorf("Text(%q) = %q, sanitized again %q", s, got, again)
		}
		limit = 3 + int(uint(limit)%300)
		line := sanitize.Short(s, limit)
		safe(t, line, "")
		if len(line) > limit {
			t.Errorf("sanitize.Short(%q, %d) has %d bytes", s, limit, len(line))
		}
	})
}

// safe fails unless s is printable text and the allowed controls.
func safe(t *testing.T, s, allowed string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) && !strings.ContainsRune(allowed, r) {
			t.Fatalf("%q contains %U", s, r)
		}
	}
}
