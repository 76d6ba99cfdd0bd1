// Package rxrpc makes an AF_RXRPC call (the transport of AFS) to a fake server on a
// UDP socket of the test, which can answer with an arbitrary packet. The call is
// secured by rxkad.
package rxrpc

import (
	"encoding/binary"
	"errors"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

// Modules are the socket family, and the cipher of rxkad.
var Modules = []string{"rxrpc", "fcrypt", "pcbc"}

// Level is what rxkad does to a packet besides authenticating its header.
type Level int

// The levels of include/uapi/linux/rxrpc.h.
const (
	Plain   Level = iota // nothing
	Auth                 // the first 8 bytes are encrypted
	Encrypt              // all of it is encrypted
)

// Of include/uapi/linux/rxrpc.h.
const (
	solRxRPC         = 272 // SOL_RXRPC of include/linux/socket.h
	securityKey      = 1   // RXRPC_SECURITY_KEY
	minSecurityLevel = 4   // RXRPC_MIN_SECURITY_LEVEL
	userCallID       = 1   // RXRPC_USER_CALL_ID
	abort            = 2   // RXRPC_ABORT
	netError         = 5   // RXRPC_NET_ERROR
	localError       = 7   // RXRPC_LOCAL_ERROR
	rxkad            = 2   // RXRPC_SECURITY_RXKAD
)

// The header of a packet, include/rxrpc/packet.h, all of it big-endian: epoch,
// connection, call, sequence, serial, 32 bits each; type, flags, status,
// security, 8 bits each; checksum and service, 16 bits each.
const (
	headerLen  = 28
	atSequence = 12
	atSerial   = 16
	atType     = 20
	atFlags    = 21
	typeData   = 1
	flagLast   = 4
)

var loopback = [4]byte{127, 0, 0, 1}

// Call is a call whose request has arrived and whose reply is pending.
type Call struct {
	// Reply is the path of the reply: data sent at Out is a packet for the
	// client, and must begin with Header.
	Reply *sink.Pair
	// Header is that of a single-packet reply.
	Header []byte

	c      *kit.Cell
	client int
}

// Dial calls a server in this process.
func Dial(c *kit.Cell, level Level) *Call {
	c.T.Helper()
	c.Module("rxrpc")
	sink.LoopbackUp(c)
	server := socket(c, unix.AF_INET, 0)
	if err := unix.Bind(server, &unix.SockaddrInet4{Addr: loopback}); err != nil {
		c.Infra("bind: %s", kit.ErrnoName(err))
	}
	client := socket(c, unix.AF_RXRPC, unix.AF_INET)
	useKey(c, client)
	if err := unix.SetsockoptInt(client, solRxRPC, minSecurityLevel, int(level)); err != nil {
		c.Infra("RXRPC_MIN_SECURITY_LEVEL: %s", kit.ErrnoName(err))
	}
	request(c, client, server)

	packet := make([]byte, 4096)
	var from unix.Sockaddr
	arrived := sink.Poll(func() bool {
		n, a, err := unix.Recvfrom(server, packet, 0)
		if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			c.Failed("receive the request", err)
		}
		from = a
		return err == nil && n > headerLen && packet[atType] == typeData
	})
	if !arrived {
		c.Infra("the client's request did not arrive")
	}
	if err := unix.Connect(server, from); err != nil {
		c.Infra("connect: %s", kit.ErrnoName(err))
	}
	// Call, connection and sequence, and so the checksum that rxkad derives from
	// them, are those of the request.
	header := packet[:headerLen]
	binary.BigEndian.PutUint32(header[atSequence:], 1)
	binary.BigEndian.PutUint32(header[atSerial:], 1)
	header[atFlags] = flagLast
	return &Call{sink.NewPair(c, client, server, nil), header, c, client}
}

func socket(c *kit.Cell, family, protocol int) int {
	c.T.Helper()
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err != nil {
		c.Infra("socket: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// useKey gives a client an rxkad key: interface version 1, security index,
// length of the ticket, expiry, version, session key, ticket.
func useKey(c *kit.Cell, client int) {
	c.T.Helper()
	const name = "splicelab"
	key := binary.NativeEndian.AppendUint32(nil, 1)
	key = binary.NativeEndian.AppendUint16(key, rxkad)
	key = binary.NativeEndian.AppendUint16(key, 4)
	key = binary.NativeEndian.AppendUint32(key, uint32(time.Now().Add(24*time.Hour).Unix()))
	key = binary.NativeEndian.AppendUint32(key, 1)
	key = append(key, "8 bytes.tick"...)
	runtime.LockOSThread() // which keyring
	defer runtime.UnlockOSThread()
	id, err := unix.AddKey("rxrpc", name, key, unix.KEY_SPEC_THREAD_KEYRING)
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT):
		c.Skip("add_key(rxrpc): EPROTONOSUPPORT (a kernel without CONFIG_RXKAD)")
	case err != nil:
		c.Infra("add_key(rxrpc): %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _, _ = unix.KeyctlInt(unix.KEYCTL_REVOKE, id, 0, 0, 0) })
	if err := unix.SetsockoptString(client, solRxRPC, securityKey, name); err != nil {
		c.Infra("RXRPC_SECURITY_KEY: %s", kit.ErrnoName(err))
	}
}

// address is struct sockaddr_rxrpc with an IPv4 address.
type address struct {
	family, service, kind, length uint16
	transport                     unix.RawSockaddrInet4
	_                             [12]byte // of an IPv6 address
}

// request sends a request, which starts a call.
func request(c *kit.Cell, client, server int) {
	c.T.Helper()
	at, err := unix.Getsockname(server)
	if err != nil {
		c.Infra("getsockname: %s", kit.ErrnoName(err))
	}
	to := address{unix.AF_RXRPC, 1, unix.SOCK_DGRAM, unix.SizeofSockaddrInet4,
		unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: loopback}, [12]byte{}}
	port := (*[2]byte)(unsafe.Pointer(&to.transport.Port))
	binary.BigEndian.PutUint16(port[:], uint16(at.(*unix.SockaddrInet4).Port))
	control := make([]byte, unix.CmsgSpace(8))
	h := (*unix.Cmsghdr)(unsafe.Pointer(unsafe.SliceData(control)))
	h.Level, h.Type = solRxRPC, userCallID
	h.SetLen(unix.CmsgLen(8))
	data := []byte("a request")
	iov := unix.Iovec{Base: unsafe.SliceData(data)}
	iov.SetLen(len(data))
	msg := unix.Msghdr{
		Name: (*byte)(unsafe.Pointer(&to)), Namelen: uint32(unsafe.Sizeof(to)),
		Iov: &iov, Control: unsafe.SliceData(control),
	}
	msg.Iovlen = 1
	msg.SetControllen(len(control))
	if _, _, e := unix.Syscall(unix.SYS_SENDMSG, uintptr(client), uintptr(unsafe.Pointer(&msg)), 0); e != 0 {
		c.Failed("sendmsg to AF_RXRPC", e)
	}
}

// Receive receives the reply; false if the client rejected it and aborted the
// call.
func (r *Call) Receive(n int) (data []byte, accepted bool) {
	r.c.T.Helper()
	ended := false
	answered := sink.Poll(func() bool {
		buf, control := make([]byte, n+1), make([]byte, 256)
		iov := unix.Iovec{Base: unsafe.SliceData(buf)}
		iov.SetLen(len(buf))
		msg := unix.Msghdr{Iov: &iov, Control: unsafe.SliceData(control)}
		msg.Iovlen = 1
		msg.SetControllen(len(control))
		m, _, e := unix.Syscall(unix.SYS_RECVMSG, uintptr(r.client), uintptr(unsafe.Pointer(&msg)), unix.MSG_DONTWAIT)
		switch e {
		case 0:
		case unix.EAGAIN, unix.EINTR:
			return false
		case unix.EPROTO, unix.EBADMSG, unix.ECONNABORTED:
			ended = true
			return true
		default:
			r.c.Failed("recvmsg from AF_RXRPC", e)
		}
		data = append(data, buf[:m]...)
		ended = ended || endsCall(control[:msg.Controllen])
		return ended || msg.Flags&unix.MSG_EOR != 0
	})
	if !answered {
		r.c.Infra("the client did not react to the reply")
	}
	return data, !ended
}

// endsCall reports whether one of the control messages reports failure of the
// call.
func endsCall(control []byte) bool {
	all, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return false
	}
	for _, m := range all {
		if m.Header.Level == solRxRPC && (m.Header.Type == abort || m.Header.Type == netError || m.Header.Type == localError) {
			return true
		}
	}
	return false
}
