// Package sink holds the ways in which spliced bytes leave a pipe: sockets of
// every family, files, ciphers. A sink is data in the tests: who sweeps over
// sinks ranges over All.
package sink

import "splicelab/tests/kit"

// Sink is one way out of a pipe.
type Sink struct {
	Name    string   // as in cell names: a-z, 0-9 and -
	Doc     string   // one sentence
	Modules []string // kernel modules that it may ask for
	// Open makes both ends of a new one. What the kernel lacks ends the cell
	// with a skip that names it; everything is closed when the cell ends.
	Open func(c *kit.Cell) Conn
}

// All lists the sinks, a line each.
var All = []Sink{
	Pipe,
	Tee,
}

// Conn is an open sink.
type Conn interface {
	// Send moves n bytes from the pipe into the sink by splice(2), without
	// waiting for the far end, and ends the cell when the kernel will not.
	Send(p *kit.Pipe, n int)
	// Receive returns what comes out at the far end: n bytes, or fewer when
	// no more is to come, or more when the kernel delivers more.
	Receive(n int) []byte
}

// Names are the names of sinks, for the cells of a test.
func Names(all []Sink) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Name
	}
	return out
}
