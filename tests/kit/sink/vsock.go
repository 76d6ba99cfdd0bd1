package sink

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Vsock is a stream between two local sockets, over the loopback transport.
var Vsock = Sink{
	Name: "vsock", Doc: "a vsock stream over the loopback transport",
	Modules: []string{"vsock_loopback", "vmw_vsock_virtio_transport_common", "vsock"},
	Open:    func(c *kit.Cell) Conn { return vsockPair(c) },
}

func vsockPair(c *kit.Cell) *Pair {
	c.T.Helper()
	c.Module("vsock_loopback")
	server, out := vsockSocket(c), vsockSocket(c)
	in := connect(c, server, out, &unix.SockaddrVM{CID: unix.VMADDR_CID_LOCAL, Port: unix.VMADDR_PORT_ANY})
	p := NewPair(c, in, out, nil)
	// The response to the connection request may still be on its way.
	if !Poll(func() bool { return writable(out) }) {
		c.Infra("the connection was accepted but is not writable")
	}
	return p
}

func writable(fd int) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0 && p[0].Revents&unix.POLLOUT != 0
}

func vsockSocket(c *kit.Cell) int {
	c.T.Helper()
	fd, err := unix.Socket(unix.AF_VSOCK, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.EAFNOSUPPORT):
		c.Skip("socket(AF_VSOCK): %s", kit.ErrnoName(err))
	case err != nil:
		c.Infra("socket(AF_VSOCK): %s", kit.ErrnoName(err))
	}
	closeAtEnd(c, fd)
	return fd
}
