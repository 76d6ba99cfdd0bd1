package sink

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// TCP is a loopback connection whose receive window fits everything.
var TCP = Sink{
	Name: "tcp", Doc: "a TCP connection over loopback, in the receive queue",
	Open: func(c *kit.Cell) Conn { return tcpPair(c, 0) },
}

// TCPClosed is a connection with a closed receive window: the data is queued at
// the sender until Receive opens the window.
var TCPClosed = Sink{
	Name: "tcp-closed", Doc: "a TCP connection over loopback with a closed window, in the send queue",
	Open: func(c *kit.Cell) Conn {
		p := tcpPair(c, 1)
		n := p.CloseWindow()
		p.arrived = func(*Pair, int) bool { return true } // data stays in the send queue
		p.before = func(p *Pair) {
			// Space for everything at once: a copy made by the kernel on the way
			// consumes more of it than spliced pages.
			setOption(c, p.In, unix.SOL_SOCKET, unix.SO_RCVBUF, maxBuffer)
			p.Discard(n)
			p.before = nil
		}
		return p
	},
}

// Of include/uapi/linux/sockios.h: bytes in the send queue that were never
// sent, and bytes there that are not acknowledged.
const (
	siocOutQNSD = 0x894b
	siocOutQ    = unix.SIOCOUTQ
)

func tcpPair(c *kit.Cell, bufLen int) *Pair {
	c.T.Helper()
	LoopbackUp(c)
	server, out := newSocket(c, unix.SOCK_STREAM), newSocket(c, unix.SOCK_STREAM)
	return NewPair(c, ConnectTCP(c, server, out, loopback, bufLen), out, (*Pair).acknowledged)
}

// acknowledged reports whether the send queue is empty.
func (s *Pair) acknowledged(int) bool { return s.queued(siocOutQ) == 0 }

func (s *Pair) queued(what uint) int {
	n, err := unix.IoctlGetInt(s.Out, what)
	if err != nil {
		s.c.Infra("ioctl %#x: %s", what, kit.ErrnoName(err))
	}
	return n
}

// ConnectTCP makes server listen at address and connects out to it. It returns
// the receiving end, with a buffer of that many bytes: 1 means the kernel's
// minimum, 0 the largest unprivileged size.
func ConnectTCP(c *kit.Cell, server, out int, address [4]byte, bufLen int) int {
	c.T.Helper()
	buffers(c, server, out)
	if bufLen > 0 {
		setOption(c, server, unix.SOL_SOCKET, unix.SO_RCVBUF, bufLen)
	}
	// Each spliced page is sent at once, without Nagle's delay.
	setOption(c, out, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	return connect(c, server, out, &unix.SockaddrInet4{Addr: address})
}

// connect makes server listen at address and connects out to it. It returns the
// receiving end.
func connect(c *kit.Cell, server, out int, address unix.Sockaddr) int {
	c.T.Helper()
	if err := unix.Bind(server, address); err != nil {
		c.Infra("bind: %s", kit.ErrnoName(err))
	}
	if err := unix.Listen(server, 1); err != nil {
		c.Infra("listen: %s", kit.ErrnoName(err))
	}
	at, err := unix.Getsockname(server)
	if err != nil {
		c.Infra("getsockname: %s", kit.ErrnoName(err))
	}
	if err := unix.Connect(out, at); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		c.Infra("connect: %s", kit.ErrnoName(err))
	}
	return accept(c, server)
}

func accept(c *kit.Cell, server int) int {
	c.T.Helper()
	fd, err := -1, error(unix.EAGAIN)
	Poll(func() bool {
		fd, _, err = unix.Accept4(server, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		return !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
	})
	if err != nil {
		c.Infra("accept: %s", kit.ErrnoName(err))
	}
	closeAtEnd(c, fd)
	return fd
}

// CloseWindow sends until the receive window is closed, and returns the number of
// bytes sent: later data stays in the send queue.
func (s *Pair) CloseWindow() int {
	s.c.T.Helper()
	ballast := make([]byte, 512)
	for total := 0; ; {
		n, err := unix.Write(s.Out, ballast)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			s.c.Infra("close the window after %d bytes: %s", total, kit.ErrnoName(err))
		default:
			total += n
		}
		if s.queued(siocOutQNSD) > 0 {
			return total
		}
	}
}

// Discard receives the n bytes that closed the window.
func (s *Pair) Discard(n int) {
	s.c.T.Helper()
	buf := make([]byte, n)
	if !Poll(func() bool {
		m, _, err := unix.Recvfrom(s.In, buf[:n], 0)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			s.readable(1)
		case err != nil:
			s.c.Failed("receive", err)
		default:
			n -= m
		}
		return n == 0
	}) {
		s.c.Infra("%d of the bytes that closed the window did not arrive", n)
	}
}
