package sink

import (
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/afalg"
)

// tlsModules are the protocol and the cipher, which the kernel requests.
var tlsModules = append([]string{"tls"}, afalg.Ciphers...)

// TLS12 is a TLS 1.2 connection with kernel TLS.
var TLS12 = Sink{
	Name: "tls12", Doc: "kernel TLS 1.2 with AES-128-GCM over loopback, in the receive queue", Modules: tlsModules,
	Open: func(c *kit.Cell) Conn { return tlsPair(c, 0x0303) },
}

// TLS13 is the same with TLS 1.3.
var TLS13 = Sink{
	Name: "tls13", Doc: "kernel TLS 1.3 with AES-128-GCM over loopback, in the receive queue", Modules: tlsModules,
	Open: func(c *kit.Cell) Conn { return tlsPair(c, 0x0304) },
}

// Of include/uapi/linux/tls.h.
const (
	tlsTX           = 1
	tlsRX           = 2
	tlsCipherAESGCM = 51
)

// tlsPair makes a TCP connection and sets the same key at both ends, in one
// direction, without a handshake.
func tlsPair(c *kit.Cell, version uint16) *Pair {
	c.T.Helper()
	p := tcpPair(c, 0)
	// struct tls12_crypto_info_aes_gcm_128: version, cipher, explicit nonce,
	// key, salt and the number of the first record.
	info := binary.NativeEndian.AppendUint16(nil, version)
	info = binary.NativeEndian.AppendUint16(info, tlsCipherAESGCM)
	info = slices.Concat(info, algIV[:8], algKey, algIV[8:12], make([]byte, 8))
	for _, end := range []struct{ fd, direction int }{{p.Out, tlsTX}, {p.In, tlsRX}} {
		err := unix.SetsockoptString(end.fd, unix.IPPROTO_TCP, unix.TCP_ULP, "tls")
		switch {
		case errors.Is(err, unix.ENOENT):
			c.Skip("TCP_ULP tls: ENOENT: no module tls")
		case err != nil:
			c.Failed("TCP_ULP tls", err)
		}
		err = unix.SetsockoptString(end.fd, unix.SOL_TLS, end.direction, string(info))
		switch {
		case errors.Is(err, unix.ENOENT):
			c.Skip("TLS key: ENOENT: no gcm(aes) in this kernel")
		case err != nil:
			c.Failed("TLS key", err)
		}
	}
	return p
}

// SpliceMore moves n bytes from the pipe into the socket with SPLICE_F_MORE: a
// record protocol leaves the last record open.
func (s *Pair) SpliceMore(p *kit.Pipe, n int) {
	s.c.T.Helper()
	for done := 0; done < n; {
		m, err := unix.Splice(p.R, nil, s.Out, nil, n-done, unix.SPLICE_F_MORE)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			s.c.Failed("splice to the socket with SPLICE_F_MORE", err)
		case m == 0:
			s.c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: "splice to the socket with SPLICE_F_MORE: 0"})
		default:
			done += int(m)
			s.sent += int(m)
		}
	}
}

// Readable reports whether there is something to receive.
func (s *Pair) Readable() bool { return s.readable(0) }
