package protocol

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// A control message is one line, whatever its strings contain.
func TestEncodeIsOneLine(t *testing.T) {
	in := Request{ID: 7, Exec: &Exec{Path: "/bin/sh", Args: []string{"-c", "echo\n\"é\"\x00"}, Dir: "/", Token: "t"}}
	line, err := Encode(in)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.IndexByte(line, '\n') != len(line)-1 {
		t.Errorf("not one line: %q", line)
	}
	var out Request
	if err := json.Unmarshal(line, &out); err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("decoded %+v, %v; want %+v", out, err, in)
	}
}

func TestResume(t *testing.T) {
	for _, in := range []Resume{
		{Token: "abc", UnixNano: 1_795_000_000_123_456_789, Entropy: []byte{0, 1, 0xff}, Run: "^TestX$/^a b$", Env: []string{"A=1", "B=x=y", "C="}},
		{Token: "abc", UnixNano: -1, Entropy: []byte{}, Run: "", Env: []string{}},
	} {
		line := in.Encode()
		if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Errorf("not one line: %q", line)
		}
		if out, err := ParseResume(line); err != nil || !reflect.DeepEqual(in, out) {
			t.Errorf("%q parsed as %+v, %v; want %+v", line, out, err, in)
		}
	}
	for _, line := range []string{"", "\n", "token\t1\t00\n", "token\tnow\t00\trun\n", "token\t1\t0g\trun\n"} {
		if r, err := ParseResume(line); err == nil {
			t.Errorf("%q parsed as %+v", line, r)
		}
	}
}

// Only a process that knows the token can report completion.
func TestDone(t *testing.T) {
	if status, ok := ParseDone(Done("secret", 1), "secret"); status != 1 || !ok {
		t.Errorf("status %d, %t", status, ok)
	}
	for _, line := range []string{
		Done("guess", 0), Done("", 0), EndMark("secret"), EndMark("secret") + " ", EndMark("secret") + " x",
		"x" + Done("secret", 0), "",
	} {
		if status, ok := ParseDone(line, "secret"); ok {
			t.Errorf("%q reports status %d", line, status)
		}
	}
}

// A cell mark is found behind the console's timestamp and before its line end.
func TestCellMark(t *testing.T) {
	for _, line := range []string{CellMark("TestX/a"), "[    1.234567] " + CellMark("TestX/a") + "\r\n"} {
		if name, ok := ParseCellMark(line); name != "TestX/a" || !ok {
			t.Errorf("%q names %q, %t", line, name, ok)
		}
	}
	for _, line := range []string{"", "[    1.234567] Linux version", EndOfLog("token")} {
		if name, ok := ParseCellMark(line); ok {
			t.Errorf("%q names %q", line, name)
		}
	}
}
