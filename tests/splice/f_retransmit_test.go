package splice

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/netns"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var retransmit = kit.Test{
	Name: "TestRetransmit", ID: "F4", Family: familySockets, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Data spliced to a TCP socket is delivered and read, but all ACKs are lost; the file is overwritten, and the sender retransmits: does it send what was delivered?",
	Steps: []string{
		"Connect two TCP sockets in a network namespace, and let a socket filter drop every ACK.",
		"Splice the file's first bytes into a pipe and from there to the socket, and receive them.",
		"Overwrite that range in the file.",
		"Capture what the sender retransmits after that, from the first byte on.",
	},
	Oracle:  "what was delivered is the snapshot; torn if the retransmission has later bytes, snapshot if it has the same; afterwards all three views show the expected file",
	Needs:   needsNamespaces,
	Modules: netns.Modules,
	Cells:   atMost(sink.MaxMessage, kit.Named("write")),
}

func TestRetransmit(t *testing.T) {
	kit.Run(t, retransmit, func(c *kit.Cell) {
		n := netns.New(c)
		n.RetransmitAfter(10)
		server, out := n.Socket(unix.AF_INET, unix.SOCK_STREAM, 0), n.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		in := sink.ConnectTCP(c, server, out, [4]byte{127, 0, 0, 1}, 0)
		pair := sink.NewPair(c, in, out, nil)
		abortAtEnd(c, out)
		dropAll(c, out)
		captured := n.Capture("lo")
		f := c.File()
		p := f.Splice()
		pair.Send(p, c.Shape.Span)
		first, ok := captured.Next(unix.IPPROTO_TCP)
		if !ok {
			c.Infra("the first transmission was not captured")
		}
		delivered := f.History.Classify([]kit.Segment{{Off: 0, Len: c.Shape.Span}}, pair.Receive(c.Shape.Span), nil)
		if delivered.Outcome != outcome.Snapshot {
			delivered.Never = true // nothing was changed yet
			c.Conclude(delivered)
		}
		f.Write(0, c.Shape.Span)
		for ok { // skip packets sent before the change
			_, ok = captured.Next(unix.IPPROTO_TCP)
		}
		var again netns.Packet
		if !sink.Poll(func() bool {
			again, ok = captured.Next(unix.IPPROTO_TCP)
			return ok && again.Sequence == first.Sequence // once, the last byte came alone before it
		}) {
			c.Infra("nothing was retransmitted, although nothing was acknowledged")
		}
		found := f.History.Classify([]kit.Segment{{Off: 0, Len: len(again.Payload)}}, c.Sample(again.Payload), nil)
		if found.Outcome == outcome.Live {
			found = kit.Finding{Outcome: outcome.Torn, Unit: "TCP retransmit", Detail: "torn by the TCP retransmit: " + found.Detail}
		}
		found.Detail = fmt.Sprintf("%d bytes retransmitted: %s", len(again.Payload), found.Detail)
		c.Record(found.Worse(f.Views()))
	})
}

// dropAll attaches a socket filter that drops every packet for fd.
func dropAll(c *kit.Cell, fd int) {
	c.T.Helper()
	filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &filter[0]}); err != nil {
		c.Infra("SO_ATTACH_FILTER: %s", kit.ErrnoName(err))
	}
}

// abortAtEnd makes closing fd reset the connection: a network namespace is not
// freed while a connection in it lingers.
func abortAtEnd(c *kit.Cell, fd int) {
	c.T.Helper()
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		c.Infra("SO_LINGER: %s", kit.ErrnoName(err))
	}
}
