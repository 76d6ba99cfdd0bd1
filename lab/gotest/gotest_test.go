package gotest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// script is the output of a real test binary: text without a newline before a
// mark, attributes, a panic that ends a test.
const script = "\x16=== RUN   TestA\n" +
	"\x16=== ATTR  TestA k v 1 2\n" +
	"partial\x16=== RUN   TestA/s1\n" +
	"    a_test.go:3: hello\n" +
	"\x16--- PASS: TestA/s1 (0.00s)\n" +
	"\x16=== NAME  TestA\n" +
	"\x16=== RUN   TestA/s2\n" +
	"\x16    --- SKIP: TestA/s2 (0.00s)\n" +
	"\x16--- FAIL: TestA (0.00s)\n" +
	"\x16=== NAME  \n" +
	"\x16FAIL\n" +
	"panic: x\n"

var want = []Event{
	{Action: Run, Test: "TestA"},
	{Action: Attr, Test: "TestA", Key: "k", Value: "v 1 2"},
	{Action: Output, Test: "TestA", Text: "partial"},
	{Action: Run, Test: "TestA/s1"},
	{Action: Output, Test: "TestA/s1", Text: "    a_test.go:3: hello\n"},
	{Action: Pass, Test: "TestA/s1"},
	{Action: Run, Test: "TestA/s2"},
	{Action: Skip, Test: "TestA/s2"},
	{Action: Fail, Test: "TestA"},
	{Action: Output, Text: "panic: x\n"},
}

func TestFeedAtEverySplit(t *testing.T) {
	for i := range len(script) {
		var p Parser
		var got []Event
		emit := func(e Event) { got = append(got, e) }
		p.Feed([]byte(script[:i]), emit)
		p.Feed([]byte(script[i:]), emit)
		p.Flush(emit)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("split at %d (-want +got):\n%s", i, d)
		}
	}
}

func TestStrayMarksAreText(t *testing.T) {
	var p Parser
	var text strings.Builder
	p.Feed([]byte("a\x16b\x16--- WHAT: x\n\x16=== NONSENSE\n"), func(e Event) {
		if e.Action != Output {
			t.Errorf("unexpected event %+v", e)
		}
		text.WriteString(e.Text)
	})
	if got, want := text.String(), "ab--- WHAT: x\n=== NONSENSE\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongLineIsBounded(t *testing.T) {
	var p Parser
	n := 0
	for range 100 {
		p.Feed([]byte(strings.Repeat("x", 10<<10)), func(e Event) { n += len(e.Text) })
		if len(p.buf) > MaxLine {
			t.Fatalf("the parser keeps %d bytes", len(p.buf))
		}
	}
	p.Flush(func(e Event) { n += len(e.Text) })
	if n != 1000<<10 {
		t.Errorf("got %d bytes back, want %d", n, 1000<<10)
	}
}

func FuzzFeed(f *testing.F) {
	f.Add([]byte(script))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var p Parser
		p.Feed(b, func(Event) {})
		p.Flush(func(Event) {})
	})
}
