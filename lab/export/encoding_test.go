package export

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	goccy "github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// texts are strings that some version of YAML would read as something else, or
// that would mislead who reads the document.
var texts = []string{
	"", "null", "~", "yes", "No", "on", "y", "true", "1.0", "0x1f", "1e3", "012", "+1", ".5", "1_000", "12:30:45", "2026-01-01", "NaN", ".inf",
	"a: b", "- x", "# c", "a #c", "*x", "&x", "!x", "%", "@x", "`", "---", "...", "|", ">", "{{", "[x]", `"q"`, "'q'", `a\b`, "=", "<<", "a:", "?",
	"\u202egnp.exe", "\x1b[31mred", "😀", "\U000e0041", "a\nb\n", "a\tb", "\ttab", " lead", "trail ", "x\u0085y", "\u2028", "\ufeff", "\r\n", "\x00", "\x7f",
	"a\n  b\n\n", "  a\nb", "\n", "x\n\x1b[2J", "a\n\tb", "a \nb", "splice.TestWrite/small", "6.12.117+deb12-cloud-amd64", "fail (zeroed)", "a\u00a0b",
}

// A document has the same value as JSON and as YAML, whoever reads it, and no
// character that a terminal obeys.
func TestEncodings(t *testing.T) {
	names := map[string]any{}
	for _, text := range texts {
		if strings.Contains(text, "\n") {
			continue // one of the readers knows no names of several lines
		}
		names["k"+text] = text
		names[text] = map[string]any{}
	}
	doc := map[string]any{"texts": texts, "names": names, "numbers": []any{0, -3, 2.5, uint64(18446744073709551615), 0.001}, "others": []any{nil, true, false, []int{}, map[string]int{}}}
	read := map[Encoding][]func([]byte, any) error{
		EncodingJSON: {json.Unmarshal},
		EncodingYAML: {yaml.Unmarshal, func(b []byte, v any) error { return goccy.Unmarshal(b, v) }},
	}
	for encoding, readers := range read {
		b := new(bytes.Buffer)
		if err := encoding.Write(b, doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if r != '\n' && r != '\t' && !unicode.IsGraphic(r) {
				t.Errorf("%s: %U reaches the reader", encoding, r)
			}
		}
		for i, unmarshal := range readers {
			var got any
			if err := unmarshal(b.Bytes(), &got); err != nil {
				t.Fatalf("%s: reader %d: %v\n%s", encoding, i, err, b)
			}
			if d := cmp.Diff(normal(t, doc), normal(t, got)); d != "" {
				t.Errorf("%s: reader %d (-want +got):\n%s", encoding, i, d)
			}
		}
	}
}

// normal is a value as JSON decodes it.
func normal(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Fields keep their order, and a nightly run's worth of cells takes no time that
// anybody notices.
func TestYAMLKeepsTheOrder(t *testing.T) {
	type cell struct {
		Z string   `json:"z"`
		A int      `json:"a"`
		M []string `json:"m"`
	}
	b := new(bytes.Buffer)
	if err := YAML(b, []cell{{"no", 1, []string{"x"}}, {"two\nlines\n", 2, nil}}); err != nil {
		t.Fatal(err)
	}
	if want := "- z: \"no\"\n  a: 1\n  m:\n    - x\n- z: |\n    two\n    lines\n  a: 2\n  m: null\n"; b.String() != want {
		t.Errorf("%s\nwant\n%s", b, want)
	}
	many := make([]cell, 12_000)
	for i := range many {
		many[i] = cell{strings.Repeat("a: b ", 5), i, []string{"x", "y"}}
	}
	began := time.Now()
	if err := YAML(b, many); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("12,000 cells took %s", took)
	}
}
