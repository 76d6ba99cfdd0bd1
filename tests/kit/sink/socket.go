package sink

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

// patience bounds the wait for data. On every path here data arrives at once, so
// the full time is spent only on lost data.
const patience = 5 * time.Second

// Pair is two connected, non-blocking sockets: what is spliced into Out is
// received at In.
type Pair struct {
	In, Out int

	c       *kit.Cell
	arrived func(*Pair, int) bool // reports whether n more bytes are queued at their destination
	before  func(*Pair)           // called first by Receive
	sent    int
}

// Pair opens a sink that is a pair of sockets, for tests that need more than
// Conn.
func (s Sink) Pair(c *kit.Cell) *Pair {
	c.T.Helper()
	p, ok := s.Open(c).(*Pair)
	if !ok {
		c.Infra("sink %s is not a pair of sockets", s.Name)
	}
	return p
}

// NewPair makes a Pair of sockets that a test connected itself. arrived reports
// when n bytes are queued where the sink keeps them; nil means the receive
// queue as poll(2) sees it.
func NewPair(c *kit.Cell, in, out int, arrived func(p *Pair, n int) bool) *Pair {
	if arrived == nil {
		arrived = func(p *Pair, _ int) bool { return p.readable(0) }
	}
	return &Pair{In: in, Out: out, c: c, arrived: arrived}
}

// Send implements Conn.
func (s *Pair) Send(p *kit.Pipe, n int) {
	s.c.T.Helper()
	s.Splice(p, n)
	s.Await()
}

// Splice is Send without waiting for the data to be queued.
func (s *Pair) Splice(p *kit.Pipe, n int) {
	s.c.T.Helper()
	for done := 0; done < n; {
		m, err := unix.Splice(p.R, nil, s.Out, nil, n-done, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			s.c.Failed("splice to the socket", err)
		case m == 0:
			s.c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice to the socket: 0 after %d of %d bytes", done, n)})
		}
		done += int(m)
		s.sent += int(m)
	}
}

// Await returns once the sent data is queued where this sink keeps it. Nothing
// has been changed at this point, so losing data is wrong under every policy.
func (s *Pair) Await() {
	s.c.T.Helper()
	if !Poll(func() bool { return s.arrived(s, s.sent) }) {
		s.c.Conclude(kit.Finding{Outcome: outcome.Dropped, Never: true,
			Detail: fmt.Sprintf("what was sent did not arrive within %s, although nothing was changed yet", patience)})
	}
}

// Poll calls done every millisecond until it returns true; false on timeout
// (patience).
func Poll(done func() bool) bool {
	return kit.Poll(time.Millisecond, done)
}

// readable waits up to that many milliseconds for data. For non-blocking sockets,
// poll does not verify a datagram's checksum: the receive does.
func (s *Pair) readable(ms int) bool {
	p := []unix.PollFd{{Fd: int32(s.In), Events: unix.POLLIN}}
	n, err := unix.Poll(p, ms)
	if err != nil && !errors.Is(err, unix.EINTR) {
		s.c.Infra("poll: %s", kit.ErrnoName(err))
	}
	return n > 0
}

// Receive implements Conn: it waits for n bytes, up to patience, then reads
// whatever else is queued.
func (s *Pair) Receive(n int) []byte {
	s.c.T.Helper()
	lost := lostDatagrams()
	if s.before != nil {
		s.before(s)
	}
	s.sent = max(0, s.sent-n)
	var got []byte
	buf := make([]byte, n+kit.PageSize)
	deadline := time.Now().Add(patience)
	for {
		m, _, err := unix.Recvfrom(s.In, buf, 0)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			if len(got) >= n || lostDatagrams() != lost || time.Now().After(deadline) {
				return got
			}
			s.readable(1)
		case err != nil:
			s.c.Failed("receive", err)
		case m == 0:
			return got
		}
		if err == nil {
			got = append(got, buf[:m]...)
		}
	}
}

// newSocket creates a non-blocking IPv4 socket that is closed when the cell
// ends.
func newSocket(c *kit.Cell, typ int) int {
	c.T.Helper()
	fd, err := unix.Socket(unix.AF_INET, typ|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		c.Infra("socket: %s", kit.ErrnoName(err))
	}
	closeAtEnd(c, fd)
	return fd
}

func closeAtEnd(c *kit.Cell, fd int) { c.T.Cleanup(func() { _ = unix.Close(fd) }) }

// buffers sets both buffers of a pair so that a cell's data fits without a reader.
func buffers(c *kit.Cell, in, out int) {
	setOption(c, in, unix.SOL_SOCKET, unix.SO_RCVBUF, maxBuffer)
	setOption(c, out, unix.SOL_SOCKET, unix.SO_SNDBUF, maxBuffer)
}

// maxBuffer is the largest buffer size that an unprivileged socket may request
// by default.
const maxBuffer = 208 << 10

func setOption(c *kit.Cell, fd, level, option, value int) {
	c.T.Helper()
	if err := unix.SetsockoptInt(fd, level, option, value); err != nil {
		c.Infra("setsockopt %d/%d: %s", level, option, kit.ErrnoName(err))
	}
}

// LoopbackUp brings the loopback device up if it is down.
func LoopbackUp(c *kit.Cell) {
	c.T.Helper()
	fd := newSocket(c, unix.SOCK_DGRAM)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		c.Infra("%v", err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		c.Infra("SIOCGIFFLAGS: %s", kit.ErrnoName(err))
	}
	if lo.Uint16()&unix.IFF_UP != 0 {
		return
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
	switch {
	case errors.Is(err, os.ErrPermission):
		c.Skip("the loopback device is down, and SIOCSIFFLAGS: %s", kit.ErrnoName(err))
	case err != nil:
		c.Infra("bring loopback up: %s", kit.ErrnoName(err))
	}
}
