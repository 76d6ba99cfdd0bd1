package sink

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Of include/uapi/linux/errqueue.h.
const (
	originZerocopy = 5 // SO_EE_ORIGIN_ZEROCOPY
	codeCopied     = 1 // SO_EE_CODE_ZEROCOPY_COPIED
)

// Offsets in struct sock_extended_err.
const (
	errOrigin = 4
	errCode   = 6
	errInfo   = 8  // of a notification: the number of the first send
	errData   = 12 // and of the last
	errLen    = 16
)

// MapShared maps the first n bytes of a file for reading: sending from there
// sends the file's page cache.
func MapShared(c *kit.Cell, f *kit.File, n int) []byte {
	c.T.Helper()
	m, err := unix.Mmap(f.FD, 0, n, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		c.Infra("mmap: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Munmap(m) })
	return m
}

// SendZerocopy sends b with MSG_ZEROCOPY and returns the number of sends. b
// must not change until as many notifications have arrived.
func (s *Pair) SendZerocopy(b []byte) int {
	s.c.T.Helper()
	if err := unix.SetsockoptInt(s.Out, unix.SOL_SOCKET, unix.SO_ZEROCOPY, 1); err != nil {
		s.c.Failed("SO_ZEROCOPY", err)
	}
	sends := 0
	for len(b) > 0 {
		n, err := unix.SendmsgN(s.Out, b, nil, nil, unix.MSG_ZEROCOPY)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			s.c.Failed("send with MSG_ZEROCOPY", err)
		}
		b = b[n:]
		sends++
		s.sent += n
	}
	return sends
}

// Notified waits until the kernel has released the memory of that many sends and
// returns whether it copied: "yes", "no" or "some".
func (s *Pair) Notified(sends int) string {
	s.c.T.Helper()
	copied, zerocopy := 0, 0
	oob := make([]byte, 256)
	if !Poll(func() bool {
		_, n, _, _, err := unix.Recvmsg(s.Out, nil, oob, unix.MSG_ERRQUEUE)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
			return false
		case err != nil:
			s.c.Failed("receive from the error queue", err)
		}
		of, wasCopied, err := notification(oob[:n])
		switch {
		case err != nil:
			s.c.Infra("%v", err)
		case wasCopied:
			copied += of
		default:
			zerocopy += of
		}
		return copied+zerocopy >= sends
	}) {
		s.c.Infra("%d of %d notifications within %s", copied+zerocopy, sends, patience)
	}
	switch {
	case zerocopy == 0:
		return "yes"
	case copied == 0:
		return "no"
	}
	return "some"
}

// notification reads a control message from the error queue: how many sends it
// covers, and whether their memory was copied.
func notification(oob []byte) (sends int, copied bool, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, false, fmt.Errorf("the error queue: %w", err)
	}
	for _, m := range messages {
		if d := m.Data; len(d) >= errLen && d[errOrigin] == originZerocopy {
			first, last := binary.NativeEndian.Uint32(d[errInfo:]), binary.NativeEndian.Uint32(d[errData:])
			return int(last-first) + 1, d[errCode]&codeCopied != 0, nil
		}
	}
	return 0, false, errors.New("the error queue has something other than a notification")
}
