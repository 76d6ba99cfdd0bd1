package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/splicelab/splicelab/outcome"
)

// pipes is a listener whose connections have no buffers: a write blocks until
// the other side reads.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// TestSlowClientIsDropped: a client that does not read delays no other client,
// and is disconnected.
func TestSlowClientIsDropped(t *testing.T) {
	path := storePath(t)
	writer := openStore(t, path)
	must(t, writer.BeginRun(t.Context(), newRun("r", 0, 99999)))
	l := quick
	l.write = 200 * time.Millisecond
	server := testServer(t, Config{Store: openStore(t, path)}, l)
	ctx, cancel := context.WithCancel(t.Context())
	listener, served := &pipes{make(chan net.Conn), make(chan struct{})}, make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	defer func() { cancel(); must(t, <-served) }()

	request := "GET /api/runs/r/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
	slow := listener.dial()
	defer func() { _ = slow.Close() }()
	_, err := io.WriteString(slow, request)
	must(t, err)
	in := bufio.NewReader(slow)
	for line := ""; !strings.HasPrefix(line, "data:"); { // it reads the first event, then stops reading
		line, err = in.ReadString('\n')
		must(t, err)
	}
	reader := listener.dial()
	defer func() { _ = reader.Close() }()
	_, err = io.WriteString(reader, request)
	must(t, err)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(reader); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for line := range lines {
		if strings.HasPrefix(line, "data:") { // both are being served
			break
		}
	}
	last := ""
	for i := 0; len(server.streams) > 1 && i < 10000; i++ {
		name := fmt.Sprint("s.TestNumber", i)
		must(t, writer.AddAttempt(t.Context(), "r", new(attempt("6.1", "xfs", name, 1, outcome.Fail, outcome.None))))
		for line := range lines {
			if strings.Contains(line, `"`+name+`"`) {
				break
			}
		}
		last = name
	}
	// What was in flight, then EOF.
	if err := slow.SetReadDeadline(time.Now().Add(time.Minute)); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(in); err != nil || strings.Contains(string(rest), last) {
		t.Errorf("the server waited for the slow client: %v, %q", err, rest)
	}
}
