package splice

import (
	"fmt"
	"testing"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

const familySockets = "F sockets"

var sockets = []kit.Test{
	unixStream, unixMessages, tcp, udp, udpCork, udpFragments,
	zerocopy, sendRing, vsock, vsockWrite,
	tlsRecord,
	retransmit, overWire, hop,
}

var unixStream = kit.Test{
	Name: "TestUnixStream", ID: "F1", Family: familySockets, Kind: outcome.Characterisation,
	Doc:   "Data is spliced from the file to a unix stream socket, the file is overwritten, and then the data is received.",
	Steps: queuedSteps,
	Known: []string{"live on 5.10, 6.1, 6.12, 6.18 and 7.3"},
	Cells: atMost(sink.MaxQueued, kit.Sweep()),
}

// queuedSteps are shared by all tests in which data is queued in a socket.
var queuedSteps = []string{
	"Splice the file's first bytes into a pipe, and from there to the socket.",
	"Wait until the data is queued at its destination.",
	"Overwrite the file's first bytes.",
	"Receive at the other socket.",
}

func TestUnixStream(t *testing.T) {
	kit.Run(t, unixStream, func(c *kit.Cell) { queued(c, sink.UnixStream, true) })
}

// atMost limits how much the cells splice to n bytes, whatever the page size.
func atMost(n int, shapes []kit.Shape) []kit.Shape {
	for i := range shapes {
		shapes[i].Span = min(shapes[i].Span, n)
	}
	return shapes
}

// queued judges what a socket delivers of data that was spliced into it and
// queued, while the file was overwritten or not.
func queued(c *kit.Cell, s sink.Sink, overwrite bool) {
	c.T.Helper()
	conn := s.Open(c)
	f := c.File()
	p := f.Splice()
	errorsBefore := sink.ChecksumErrors()
	conn.Send(p, c.Shape.Span)
	if overwrite {
		f.Write(0, c.Shape.Span)
	}
	got := conn.Receive(c.Shape.Span)
	p.JudgeReceived(f, got, fmt.Sprintf("nothing arrived, InCsumErrors went from %d to %d", errorsBefore, sink.ChecksumErrors()))
}

var unixMessages = kit.Test{
	Name: "TestUnixMessages", ID: "F2", Family: familySockets, Kind: outcome.Characterisation, Priority: 1,
	Doc:   "The same with unix datagram and seqpacket sockets.",
	Steps: queuedSteps,
	Known: []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3: these sockets copy"},
	Cells: atMost(sink.MaxMessage, kit.Varied([]string{"dgram", "seqpacket"}, kit.Large())),
}

func TestUnixMessages(t *testing.T) {
	kit.Run(t, unixMessages, func(c *kit.Cell) { queued(c, sink.Find(c, "unix-"+c.Shape.Variant), true) })
}

var tcp = kit.Test{
	Name: "TestTCP", ID: "F3", Family: familySockets, Kind: outcome.Characterisation,
	Doc:   "The same over a TCP connection on loopback: the data is queued at the receiver or, in the closed cells, at the sender because the receive window is closed.",
	Steps: queuedSteps,
	Known: []string{"live on 5.10, 6.1, 6.12, 6.18 and 7.3, at the receiver and at the sender"},
	Quick: []string{"open-large-dirty"},
	Cells: atMost(sink.MaxQueued, kit.Sweep("open", "closed")),
}

func TestTCP(t *testing.T) {
	kit.Run(t, tcp, func(c *kit.Cell) {
		s := sink.TCP
		if c.Shape.Variant == "closed" {
			s = sink.TCPClosed
		}
		queued(c, s, true)
	})
}

var udp = kit.Test{
	Name: "TestUDP", ID: "F5", Family: familySockets, Kind: outcome.Characterisation,
	Doc:   "A datagram is spliced from the file to a UDP socket, the file is overwritten, and then the datagram is received; in the unchanged cells, the file is not overwritten.",
	Steps: queuedSteps,
	Known: []string{"dropped for a bad checksum on 5.10, snapshot on 6.1, live on 6.12, 6.18 and 7.3"},
	Quick: []string{"small-clean"},
	Cells: atMost(sink.MaxMessage, kit.Sweep("", "unchanged")),
}

func TestUDP(t *testing.T) {
	kit.Run(t, udp, func(c *kit.Cell) { queued(c, sink.UDP, c.Shape.Variant != "unchanged") })
}

var vsock = kit.Test{
	Name: "TestVsock", ID: "F10", Family: familySockets, Kind: outcome.Invariant, Priority: 1,
	Doc:     "Data is spliced from the file to a loopback vsock stream, and received.",
	Steps:   []string{"Splice the file's first bytes into a pipe, and from there to the socket.", "Receive at the other socket."},
	Known:   []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3"},
	Needs:   []string{"vsock_loopback"},
	Modules: sink.Vsock.Modules,
	Cells:   atMost(sink.MaxQueued, kit.Varied(nil, kit.Small()[:1], kit.Large()[:1])),
}

func TestVsock(t *testing.T) {
	kit.Run(t, vsock, func(c *kit.Cell) { queued(c, sink.Vsock, false) })
}

var vsockWrite = kit.Test{
	Name: "TestVsockWrite", ID: "F10", Family: familySockets, Kind: outcome.Characterisation, Priority: 1,
	Doc:     "Data is spliced from the file to a loopback vsock stream, the file is overwritten, and then the data is received.",
	Steps:   queuedSteps,
	Known:   []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3: the transport copies"},
	Needs:   []string{"vsock_loopback"},
	Modules: sink.Vsock.Modules,
	Cells:   atMost(sink.MaxQueued, kit.Large()),
}

func TestVsockWrite(t *testing.T) {
	kit.Run(t, vsockWrite, func(c *kit.Cell) { queued(c, sink.Vsock, true) })
}
