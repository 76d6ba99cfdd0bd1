package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

// A script's requests are delivered one at a time, each after the previous one
// was answered.
func TestScript(t *testing.T) {
	var port bytes.Buffer
	long := strings.Repeat("x", 100)
	s := newScript(&port, []byte("one\n\ntwo "+long+"\nthree"))
	in := bufio.NewReaderSize(s, 16)
	for i, want := range []string{"one\n", "two " + long + "\n"} {
		if _, err := s.Write([]byte("reply\n")); err != nil {
			t.Fatal(err)
		}
		got, err := in.ReadString('\n')
		if err != nil || got != want {
			t.Errorf("%d: %q, %v", i, got, err)
		}
		select {
		case <-s.answered:
			t.Errorf("%d: the next request arrived before the answer", i)
		default:
		}
	}
	if port.String() != "reply\nreply\n" {
		t.Errorf("port: %q", port.String())
	}
}
