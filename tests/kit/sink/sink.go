// Package sink implements the sinks into which a pipe is drained: sockets of
// every family, files, ciphers. Tests treat a sink as data: a sweep ranges over
// All.
package sink

import "github.com/splicelab/splicelab/tests/kit"

// Sink is one destination for a pipe's content.
type Sink struct {
	Name    string   // as in cell names: a-z, 0-9 and -
	Doc     string   // one sentence
	Modules []string // kernel modules that it may request
	// Open creates both ends of a new sink. A missing kernel feature ends the
	// cell with a skip that names it; everything is closed when the cell ends.
	Open func(c *kit.Cell) Conn
}

// Conn is an open sink.
type Conn interface {
	// Send moves n bytes from the pipe into the sink by splice(2), and ends the
	// cell on failure. It does not wait for a reader; it returns once the data
	// is queued where this sink keeps it, such as the receive queue, so that
	// the next operation happens while the data is queued.
	Send(p *kit.Pipe, n int)
	// Receive returns the data that arrives at the far end: n bytes, fewer if no
	// more will come, or more if the kernel delivers more.
	Receive(n int) []byte
}

// What the tests send at most, whatever the page size.
const (
	MaxMessage = 32 << 10 // in one message: a UDP datagram has at most 65,507 bytes, and a TCP segment 65,535
	MaxQueued  = 64 << 10 // without a reader: it fits into the buffers of every sink
)

// All lists the sinks, one per line.
var All = []Sink{
	UnixStream,
	UnixDatagram,
	UnixSeqpacket,
	TCP,
	TCPClosed,
	UDP,
	UDPCork,
	Vsock,
	AlgSkcipher,
	AlgAEAD,
	AlgHash,
	TLS12,
	TLS13,
	File,
}

// Named returns the sinks with these names, in that order.
func Named(names ...string) []Sink {
	var out []Sink
	for _, n := range names {
		for _, s := range All {
			if s.Name == n {
				out = append(out, s)
			}
		}
	}
	return out
}

// Find returns the sink named by a cell's variant, and ends the cell if there
// is none.
func Find(c *kit.Cell, name string) Sink {
	c.T.Helper()
	if found := Named(name); len(found) == 1 {
		return found[0]
	}
	c.Infra("no sink is called %q", name)
	return Sink{}
}

// Names are the names of sinks, for the cells of a test.
func Names(all []Sink) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Name
	}
	return out
}

// Modules are the kernel modules that any of the sinks may request.
func Modules(all []Sink) []string {
	var out []string
	for _, s := range all {
		out = append(out, s.Modules...)
	}
	return out
}
