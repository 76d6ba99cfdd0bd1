package sink

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// File is another file on the filesystem under test.
var File = Sink{
	Name: "file", Doc: "a second file on the filesystem under test",
	Open: func(c *kit.Cell) Conn {
		f, err := os.CreateTemp(c.Dir(), "sink-*")
		if err != nil {
			c.Infra("create a file to splice to: %v", err)
		}
		c.T.Cleanup(func() {
			_ = f.Close()
			_ = os.Remove(f.Name())
		})
		return &file{c: c, f: f}
	},
}

type file struct {
	c   *kit.Cell
	f   *os.File
	end int64
}

func (s *file) Send(p *kit.Pipe, n int) {
	s.c.T.Helper()
	for done := 0; done < n; {
		m, err := unix.Splice(p.R, nil, int(s.f.Fd()), &s.end, n-done, unix.SPLICE_F_NONBLOCK)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			s.c.Failed("splice to a file", err)
		case m == 0:
			s.c.Infra("splice to a file: the pipe ended after %d of %d bytes", done, n)
		default:
			done += int(m)
		}
	}
}

func (s *file) Receive(n int) []byte {
	s.c.T.Helper()
	got := make([]byte, n+1)
	m, err := unix.Pread(int(s.f.Fd()), got, 0)
	if err != nil {
		s.c.Failed("read the file that was spliced to", err)
	}
	return got[:m]
}
