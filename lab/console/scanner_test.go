package console

import (
	"reflect"
	"strings"
	"testing"
)

// However a log arrives, its events are the same, and asking for them meanwhile
// changes nothing.
func TestScannerIsParse(t *testing.T) {
	logs := corpus(t)
	for _, c := range formats {
		logs = append(logs, c.log)
	}
	for i, log := range logs {
		want := Parse([]byte(log))
		var s Scanner
		for at, size := 0, 1; at < len(log); size = size*3%1021 + 1 {
			end := min(at+size, len(log))
			_, _ = s.Write([]byte(log[at:end]))
			if size%5 == 0 {
				s.Events()
			}
			at = end
		}
		if got := s.Events(); !reflect.DeepEqual(got, want) {
			t.Errorf("log %d: %+v, want %+v", i, got, want)
		}
	}
}

// What was printed before the first timestamp is not the kernel's, even if it
// has been reported already.
func TestScannerFirstTimestamp(t *testing.T) {
	var s Scanner
	_, _ = s.Write([]byte("kernel BUG at a.c:1!\n"))
	if len(s.Events()) != 1 {
		t.Error("a log without timestamps has no event")
	}
	_, _ = s.Write([]byte("[    1.000000] Linux version 6.1\n"))
	if e := s.Events(); len(e) != 0 {
		t.Errorf("%+v", e)
	}
}

// An endless line takes no memory, and does not become two lines.
func TestScannerEndlessLine(t *testing.T) {
	var s Scanner
	for range 1000 {
		_, _ = s.Write([]byte(strings.Repeat("x", 1000)))
	}
	if len(s.partial) > maxRaw {
		t.Errorf("%d bytes are kept", len(s.partial))
	}
	_, _ = s.Write([]byte("\nkernel BUG at a.c:1!"))
	if e := s.Events(); len(e) != 1 || e[0].Line != 2 {
		t.Errorf("%+v", e)
	}
}
