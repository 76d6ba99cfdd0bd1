package sink

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

// Pipe is a second pipe, into which splice(2) moves the buffers of the first.
var Pipe = Sink{
	Name: "pipe", Doc: "a second pipe, by splice(2)",
	Open: func(c *kit.Cell) Conn { return &pipe{c: c, to: c.Pipe()} },
}

// Tee is a second pipe that shares the buffers of the first by tee(2); the first
// is discarded, so that only the second references them.
var Tee = Sink{
	Name: "tee", Doc: "a second pipe, by tee(2), the first being discarded",
	Open: func(c *kit.Cell) Conn { return &pipe{c: c, to: c.Pipe(), tee: true} },
}

type pipe struct {
	c   *kit.Cell
	to  *kit.Pipe
	tee bool
}

// Send implements Conn.
func (s *pipe) Send(p *kit.Pipe, n int) {
	s.c.T.Helper()
	if s.tee {
		s.move("tee", n, func(n int) (int64, error) { return unix.Tee(p.R, s.to.W, n, unix.SPLICE_F_NONBLOCK) })
		null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			s.c.Infra("open /dev/null: %s", kit.ErrnoName(err))
		}
		defer func() { _ = unix.Close(null) }()
		s.move("splice to /dev/null", n, func(n int) (int64, error) {
			return unix.Splice(p.R, nil, null, nil, n, unix.SPLICE_F_NONBLOCK)
		})
		return
	}
	s.move("splice to a pipe", n, func(n int) (int64, error) {
		return unix.Splice(p.R, nil, s.to.W, nil, n, unix.SPLICE_F_NONBLOCK)
	})
}

// move calls step until n bytes are moved. tee must move everything in one call,
// since a second tee would duplicate the same bytes; both pipes have the same
// size.
func (s *pipe) move(call string, n int, step func(n int) (int64, error)) {
	s.c.T.Helper()
	for done := 0; done < n; {
		m, err := step(n - done)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			s.c.Failed(call, err)
		case m <= 0 || call == "tee" && int(m) != n:
			s.c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("%s: %d of %d bytes", call, m, n-done)})
		}
		done += int(m)
	}
}

// Receive implements Conn.
func (s *pipe) Receive(int) []byte {
	s.c.T.Helper()
	return s.to.Take()
}
