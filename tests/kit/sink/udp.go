package sink

import (
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// UDP is a datagram queued at the receiver.
var UDP = Sink{
	Name: "udp", Doc: "a UDP datagram over loopback, in the receive queue",
	Open: func(c *kit.Cell) Conn { return udpPair(c) },
}

// UDPCork is a datagram queued at the corked sender: Receive uncorks it first.
var UDPCork = Sink{
	Name: "udp-cork", Doc: "a UDP datagram over loopback, corked at the sender",
	Open: func(c *kit.Cell) Conn {
		p := udpPair(c)
		p.Cork(true)
		p.arrived = func(*Pair, int) bool { return true } // data stays in the corked send queue
		p.before = func(p *Pair) { p.Cork(false) }
		return p
	},
}

// Cork corks a UDP socket, or uncorks it, which sends what was queued. Failure
// of that send ends the cell.
func (s *Pair) Cork(in bool) {
	s.c.T.Helper()
	v := 0
	if in {
		v = 1
	}
	if err := unix.SetsockoptInt(s.Out, unix.IPPROTO_UDP, unix.UDP_CORK, v); err != nil {
		s.c.Failed("UDP_CORK", err)
	}
}

func udpPair(c *kit.Cell) *Pair {
	c.T.Helper()
	LoopbackUp(c)
	in, out := newSocket(c, unix.SOCK_DGRAM), newSocket(c, unix.SOCK_DGRAM)
	ConnectUDP(c, in, out, loopback)
	return NewPair(c, in, out, nil)
}

// ConnectUDP binds in to a free port at address and connects out to it.
func ConnectUDP(c *kit.Cell, in, out int, address [4]byte) {
	c.T.Helper()
	buffers(c, in, out)
	if err := unix.Bind(in, &unix.SockaddrInet4{Addr: address}); err != nil {
		c.Infra("bind: %s", kit.ErrnoName(err))
	}
	at, err := unix.Getsockname(in)
	if err != nil {
		c.Infra("getsockname: %s", kit.ErrnoName(err))
	}
	if err := unix.Connect(out, at); err != nil {
		c.Infra("connect: %s", kit.ErrnoName(err))
	}
}

var loopback = [4]byte{127, 0, 0, 1}
