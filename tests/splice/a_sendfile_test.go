package splice

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var partialSendfile = kit.Test{
	Name: "TestPartialSendfile", ID: "A5", Family: familyAccounting, Kind: outcome.Invariant,
	Doc: "sendfile of 16 pages to a sink with less room returns how much it sent, advances the offset by that, and loses nothing when it is resumed there.",
	Steps: []string{
		"Ask sendfile for the rest of the file, into a small pipe or a non-blocking socket.",
		"Compare the offset with the return value, or after EAGAIN with its old value.",
		"Read 3001 bytes at the other end, and continue at the offset until everything is sent.",
	},
	Known: []string{"nothing lost on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells: kit.Named("pipe-own", "pipe-explicit", "unix-own", "unix-explicit"),
}

func TestPartialSendfile(t *testing.T) {
	kit.Run(t, partialSendfile, func(c *kit.Cell) {
		kind, which, _ := strings.Cut(c.Shape.Variant, "-")
		in, out := slowSink(c, kind)
		f := c.File()
		f.Observe(0)
		f.History.Splice()
		var got []byte
		for sent := 0; sent < c.Shape.Size; {
			own, given, arg := startOffsets(c, f.FD, int64(sent), which == "explicit")
			var m int
			err := c.Bounded("sendfile", func() (err error) {
				m, err = unix.Sendfile(out, f.FD, arg, c.Shape.Size-sent)
				return err
			})
			if errors.Is(err, unix.EAGAIN) {
				m, err = 0, nil
			}
			if err != nil {
				c.Failed("sendfile", err)
			}
			checkOffsets(c, f.FD, own, given, arg, m)
			sent += m
			b := takeSome(c, in, 3001)
			if got = append(got, b...); m == 0 && len(b) == 0 {
				c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("%d bytes were sent and %d arrived; nothing more can be read, and the empty sink accepts nothing", sent, len(got))})
			}
		}
		for b := takeSome(c, in, kit.LargeLen); len(b) > 0; b = takeSome(c, in, kit.LargeLen) {
			got = append(got, b...)
		}
		c.Record(f.History.Classify([]kit.Segment{{Len: c.Shape.Size}}, c.Sample(got), nil).Worse(f.Views()))
	})
}

// slowSink returns the ends of a two-page pipe, or of a socket pair with
// minimal buffers; both are non-blocking.
func slowSink(c *kit.Cell, kind string) (in, out int) {
	if kind == "pipe" {
		p := c.Pipe()
		if _, err := unix.FcntlInt(uintptr(p.W), unix.F_SETPIPE_SZ, 2*kit.PageSize); err != nil {
			c.Infra("F_SETPIPE_SZ: %s", kit.ErrnoName(err))
		}
		nonblocking(c, p.R)
		nonblocking(c, p.W)
		return p.R, p.W
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		c.Infra("socketpair: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _, _ = unix.Close(fds[0]), unix.Close(fds[1]) })
	if err := unix.SetsockoptInt(fds[1], unix.SOL_SOCKET, unix.SO_SNDBUF, 1); err != nil {
		c.Infra("SO_SNDBUF: %s", kit.ErrnoName(err))
	}
	return fds[0], fds[1]
}

// takeSome reads up to n of the available bytes.
func takeSome(c *kit.Cell, fd, n int) []byte {
	b := make([]byte, n)
	for {
		m, err := unix.Read(fd, b)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return nil
		case err != nil:
			c.Failed("read at the other end", err)
		default:
			return b[:m]
		}
	}
}
