package machine

import (
	"io"
	"testing"
)

func TestReadOutputEndsWithTheVM(t *testing.T) {
	r, w := io.Pipe()
	ch := ReadOutput(r, make(chan struct{}))
	go func() { _, _ = w.Write([]byte("x")); w.Close() }()
	if b := <-ch; string(b) != "x" {
		t.Errorf("got %q", b)
	}
	if _, open := <-ch; open {
		t.Error("the channel is still open")
	}
}
