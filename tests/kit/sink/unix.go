package sink

import (
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// UnixStream is a pair of stream sockets: the receive queue references the
// spliced pages.
var UnixStream = Sink{
	Name: "unix-stream", Doc: "a pair of unix stream sockets",
	Open: func(c *kit.Cell) Conn { return unixPair(c, unix.SOCK_STREAM) },
}

// UnixDatagram is a pair of datagram sockets. The number of datagrams per
// splice depends on the kernel; Receive joins them.
var UnixDatagram = Sink{
	Name: "unix-dgram", Doc: "a pair of unix datagram sockets",
	Open: func(c *kit.Cell) Conn { return unixPair(c, unix.SOCK_DGRAM) },
}

// UnixSeqpacket is a pair of seqpacket sockets.
var UnixSeqpacket = Sink{
	Name: "unix-seqpacket", Doc: "a pair of unix seqpacket sockets",
	Open: func(c *kit.Cell) Conn { return unixPair(c, unix.SOCK_SEQPACKET) },
}

func unixPair(c *kit.Cell, typ int) *Pair {
	c.T.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		c.Infra("socketpair: %s", kit.ErrnoName(err))
	}
	closeAtEnd(c, fds[0])
	closeAtEnd(c, fds[1])
	buffers(c, fds[0], fds[1])
	return NewPair(c, fds[0], fds[1], nil)
}
