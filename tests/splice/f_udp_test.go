package splice

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"splicelab/outcome"
	"splicelab/tests/kit"
)

const familySockets = "F sockets"

var sockets = []kit.Test{udp}

var udp = kit.Test{
	Name: "TestUDP", ID: "F5", Family: familySockets, Kind: outcome.Characterisation,
	Doc:   "A datagram is spliced from the file to a UDP socket, the file is overwritten, and then the datagram is received; in the cells called unchanged, it is not overwritten.",
	Cells: kit.Sweep("", "unchanged"),
}

func TestUDP(t *testing.T) {
	kit.Run(t, udp, func(c *kit.Cell) {
		in, out := udpPair(c)
		f := c.File()
		p := f.Splice()
		errorsBefore := checksumErrors()
		for sent := 0; sent < c.Shape.Span; {
			n, err := unix.Splice(p.R, nil, out, nil, c.Shape.Span-sent, 0)
			if err != nil {
				c.Failed("splice to the socket", err)
			}
			sent += int(n)
		}
		awaitReadable(c, in)
		if c.Shape.Variant != "unchanged" {
			f.Write(0, c.Shape.Span)
		}
		got := receive(c, in, c.Shape.Span)
		p.JudgeReceived(f, got, fmt.Sprintf("the datagram never arrived, InCsumErrors went from %s to %s", errorsBefore, checksumErrors()))
	})
}

// udpPair returns a receiving and a sending socket, connected over loopback,
// which is brought up where nothing has done so.
func udpPair(c *kit.Cell) (in, out int) {
	in, out = udpSocket(c), udpSocket(c)
	up(c, in)
	if err := unix.Bind(in, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		c.Infra("bind: %s", kit.ErrnoName(err))
	}
	addr, err := unix.Getsockname(in)
	if err != nil {
		c.Infra("getsockname: %s", kit.ErrnoName(err))
	}
	if err := unix.Connect(out, addr); err != nil {
		c.Infra("connect: %s", kit.ErrnoName(err))
	}
	return in, out
}

func udpSocket(c *kit.Cell) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		c.Infra("socket: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

func up(c *kit.Cell, fd int) {
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
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		c.Infra("bring loopback up: %s", kit.ErrnoName(err))
	}
}

// awaitReadable waits for the datagram. The socket is non-blocking, so that
// poll does not compute the checksum, which is to be computed later.
func awaitReadable(c *kit.Cell, fd int) {
	const deadline = 5000 // milliseconds
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(p, deadline)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			c.Infra("poll: %s", kit.ErrnoName(err))
		case n == 0:
			c.Conclude(kit.Finding{Outcome: outcome.Dropped, Detail: "no datagram, though the file was not changed yet", Never: true})
		}
		return
	}
}

func receive(c *kit.Cell, fd, n int) []byte {
	var got []byte
	buf := make([]byte, n+kit.PageSize)
	for len(got) < n {
		m, _, err := unix.Recvfrom(fd, buf, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return got
		case err != nil:
			c.Failed("recvfrom", err)
		}
		got = append(got, buf[:m]...)
	}
	return got
}

// checksumErrors is the kernel's count of UDP datagrams thrown away for
// their checksum, or "?".
func checksumErrors() string {
	b, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		return "?"
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] != "Udp:":
		case names == nil:
			names = f
		default:
			for i, name := range names {
				if name == "InCsumErrors" && i < len(f) {
					return f[i]
				}
			}
		}
	}
	return "?"
}
