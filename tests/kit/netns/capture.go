package netns

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Capture is a packet socket bound to a device.
type Capture struct {
	c  *kit.Cell
	fd int
}

// Packet is a captured IPv4 packet that has a payload.
type Packet struct {
	Sequence uint32 // of TCP
	Payload  []byte
}

// Capture starts capturing what arrives at a device of the namespace.
func (n *Namespace) Capture(device string) *Capture {
	n.c.T.Helper()
	c := &Capture{n.c, n.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0)}
	if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20); err != nil {
		n.c.Infra("SO_RCVBUFFORCE: %s", kit.ErrnoName(err))
	}
	at := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_IP), Ifindex: n.Index(device)}
	if err := unix.Bind(c.fd, at); err != nil {
		n.c.Infra("capture on %s: %s", device, kit.ErrnoName(err))
	}
	return c
}

func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}

// Next returns the next captured packet of the protocol that has a payload;
// false if there is none now.
//
// A captured packet references the sender's memory until it is read, so packets
// captured before a change must be read before making it.
func (c *Capture) Next(protocol byte) (Packet, bool) {
	c.c.T.Helper()
	buf := make([]byte, mtu)
	for {
		n, _, err := unix.Recvfrom(c.fd, buf, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return Packet{}, false
		case err != nil:
			c.c.Failed("receive a captured packet", err)
		}
		if p, ok := parse(buf[:n], protocol); ok {
			return p, true
		}
	}
}

// parse parses an IPv4 packet (RFC 791, RFC 768, RFC 9293).
func parse(b []byte, protocol byte) (Packet, bool) {
	if len(b) < 20 || b[0]>>4 != 4 || b[9] != protocol {
		return Packet{}, false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total < header || total > len(b) {
		return Packet{}, false
	}
	b = b[header:total]
	switch {
	case protocol == unix.IPPROTO_UDP && len(b) > 8:
		return Packet{Payload: b[8:]}, true
	case protocol == unix.IPPROTO_TCP && len(b) >= 20:
		if data := int(b[12]>>4) * 4; len(b) > data {
			return Packet{Sequence: binary.BigEndian.Uint32(b[4:]), Payload: b[data:]}, true
		}
	}
	return Packet{}, false
}
