// The race detector makes everything several times slower, so tests that read
// and write hundreds of megabytes run without it.

//go:build !race

package format

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/results"
	"github.com/splicelab/splicelab/results/format/markdown"
)

// endless repeats a text forever after a head.
type endless struct {
	head, text string
	at         int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.head)
	e.head = e.head[n:]
	for n < len(p) && e.head == "" {
		m := copy(p[n:], e.text[e.at:])
		e.at = (e.at + m) % len(e.text)
		n += m
	}
	return n, nil
}

// A document that never ends is rejected, and needs no more memory than a large
// one that is accepted.
func TestReadIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: reads some 500 MiB")
	}
	for _, c := range []struct{ name, head, text, says string }{
		{"KTAP without an end", "KTAP version 1\n", strings.Repeat("kernel: nothing to see here, and that at great length\n", 100), "larger than 128 MiB"},
		{"one line", "KTAP version 1\nok 1 ", "a", "larger than 128 MiB"},
		{"tests in KTAP", "KTAP version 1\n", "ok 1 a\n", "the limit is 200000"},
		{"subtests of a long name", "KTAP version 1\n  # Subtest: " + strings.Repeat("n", 4000) + "\n", "  ok 1 a\n", "the limit is 200000"},
		{"attributes", "<testsuite ", "a='b' ", "within an element of more than 16 MiB"},
		{"text", "<testsuite><testcase name='t'><system-out>", "text ", "within an element of more than 16 MiB"},
		{"pieces of text", "<testsuite><testcase name='t'><system-out>", strings.Repeat("text ", 2000) + "<![CDATA[x]]>", "larger than 128 MiB"},
		{"tests in XML", "<testsuite name='s'>", "<testcase name='t'/>", "the limit is 200000"},
		{"a comment", "<testsuite name='s'><!--", "comment ", "within an element of more than 16 MiB"},
		{"elements", "<testsuite name='s'>", "<x>", "within more than 64 elements"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := Read(&endless{head: c.head, text: c.text}, ReadOptions{File: "f", Kernel: "6.12"})
			runtime.ReadMemStats(&after)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			// The peak heap size: Sys never shrinks.
			if grown := int64(after.Sys) - int64(before.Sys); grown > 1<<30 {
				t.Errorf("%d MiB of memory", grown>>20)
			}
		})
	}
}

// However large a run is, its summary fits into 60 KB, has its violations
// first, and reports what it omits.
func TestMarkdownIsBounded(t *testing.T) {
	m := newRunBuilder("large")
	for i := range 20_000 {
		m.cell(results.CellKey{Kernel: fmt.Sprint("6.", i%5), FS: "xfs", Test: fmt.Sprintf("s.Test%d/%d", i%1000, i)},
			results.Attempt{Verdict: outcome.Fail, Outcome: outcome.PhantomZero, Detail: strings.Repeat("x", 100), Output: strings.Repeat("y", 3000)})
	}
	content := written(t, func(b *bytes.Buffer, d Document) error { return markdown.Write(b, d) }, m.d)
	left := regexp.MustCompile(`The details of (\d+) more cells are omitted`).FindSubmatch(content)
	if len(content) > 60_000 || len(content) < 50_000 || left == nil {
		t.Fatalf("%d bytes, %q", len(content), left)
	}
	rows := bytes.Count(content, []byte(", not in ")) + bytes.Count(content, []byte("| fail `phantom-zero` |"))
	omitted := regexp.MustCompile(`\n(\d+) more violations are omitted: a summary is limited to 60 KB`).FindSubmatch(content)
	if omitted == nil || fmt.Sprint(1000-rows) != string(omitted[1]) {
		t.Errorf("%d of 1000 violations are listed, %q", rows, omitted)
	}
	shown := bytes.Count(content, []byte("\n- `"))
	if fmt.Sprint(20_000-shown) != string(left[1]) {
		t.Errorf("%d cells have details, %s are reported without", shown, left[1])
	}
	if bytes.Count(content, []byte("<details>")) != bytes.Count(content, []byte("</details>")) {
		t.Error("a folded section is not closed")
	}
	if !bytes.Contains(content, []byte("more kernels are omitted")) {
		t.Error("omitted tables are not reported")
	}
}
