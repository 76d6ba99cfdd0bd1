package splice

import (
	"encoding/binary"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/afalg"
	"github.com/splicelab/splicelab/tests/kit/netns"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

// ipsecModules end with the random number generators for IVs.
var ipsecModules = slices.Concat([]string{"xfrm_user", "esp4", "seqiv", "echainiv"}, afalg.Ciphers,
	[]string{"drbg", "jitterentropy_rng", "sha512_generic", "sha512", "sha3_generic"})

var ipsec = kit.Test{
	Name: "TestIPsec", ID: "G5", Family: familyConsumer, Kind: outcome.Invariant, Priority: 1,
	Doc: "Data spliced from the file goes through ESP: it is encrypted on its way out of a UDP or TCP socket and decrypted on its way in (udp, tcp, and encap for ESP in UDP); or, in the in cells, it is itself decrypted as an ESP payload, and fails authentication.",
	Steps: []string{
		"In a network namespace of its own, give loopback a security association of AES-GCM, of AES-CBC with HMAC-SHA-256, or of the latter with extended sequence numbers (esn).",
		"Splice the file into a socket covered by the policy, and receive; or splice it after an ESP header into a datagram for the ESP-in-UDP port, and wait until the association has counted it as an authentication failure.",
	},
	Oracle: "The data received is the data spliced, or nothing in the in cells; read(2), a fresh mapping and O_DIRECT show the file unchanged.",
	Known: []string{
		"gcm-in and esn-in are consumer-write on 6.12.57 (ext4, xfs, btrfs) and 6.18.15 (ext4, xfs): the spliced pages are decrypted in place. They are unchanged on 5.10, 6.1, 6.12.117 and 7.3 of these filesystems.",
		"The other cells are unchanged on all of these.",
	},
	Modules: ipsecModules, Guest: true,
	Fault: kit.FaultSource,
	Cells: atMost(sink.MaxMessage, kit.Named("gcm-udp", "gcm-tcp", "gcm-encap", "gcm-in", "cbc-udp", "cbc-tcp", "cbc-encap", "cbc-in",
		"esn-udp", "esn-in")),
}

const (
	espSPI  = 0x1000
	espPort = 4500 // of ESP in UDP
)

func TestIPsec(t *testing.T) {
	kit.Run(t, ipsec, func(c *kit.Cell) {
		c.Module("xfrm_user", "esp4")
		n := netns.New(c)
		// Loopback is exempt by default.
		n.Sysctl("net/ipv4/conf/lo/disable_xfrm", "0")
		n.Sysctl("net/ipv4/conf/lo/disable_policy", "0")
		n.Do(func() { throughESP(c) })
	})
}

// throughESP is the cell's body, inside its own network namespace.
func throughESP(c *kit.Cell) {
	c.T.Helper()
	name, way, _ := strings.Cut(c.Shape.Variant, "-")
	sa := association(name)
	if way == "encap" || way == "in" {
		sa.Encap = &netlink.XfrmStateEncap{Type: netlink.XFRM_ENCAP_ESPINUDP, SrcPort: espPort, DstPort: espPort, OriginalAddress: net.IPv4zero}
	}
	if err := netlink.XfrmStateAdd(sa); err != nil {
		c.Infra("add the security association: %s", kit.ErrnoName(err))
	}
	f := c.File()
	if way == "in" {
		decrypted(c, f, sa)
		return
	}
	to, proto := sink.UDP, netlink.Proto(unix.IPPROTO_UDP)
	if way == "tcp" {
		to, proto = sink.TCP, unix.IPPROTO_TCP
	}
	if way == "encap" {
		encapsulated(c)
	}
	protect(c, sa, proto)
	pair := to.Pair(c)
	p := f.Splice()
	pair.Send(p, c.Shape.Span)
	got := pair.Receive(c.Shape.Span)
	packets := counters(c, sa).Packets
	c.Attr("esp_packets", strconv.FormatUint(packets, 10))
	if packets == 0 {
		c.Infra("nothing went through ESP")
	}
	p.JudgeReceived(f, got, "nothing was received")
}

// decrypted sends the file as the payload of an ESP packet.
func decrypted(c *kit.Cell, f *kit.File, sa *netlink.XfrmState) {
	c.T.Helper()
	in := encapsulated(c)
	out, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		c.Infra("socket: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(out) })
	if err := unix.Connect(out, &unix.SockaddrInet4{Port: espPort, Addr: localhost}); err != nil {
		c.Infra("connect: %s", kit.ErrnoName(err))
	}
	header := binary.BigEndian.AppendUint32(nil, espSPI)
	header = binary.BigEndian.AppendUint32(header, 1)
	iv := 8
	if sa.Crypt != nil {
		iv = 16
	}
	header = append(header, make([]byte, iv)...)
	p := f.Splice()
	if err := unix.Send(out, header, unix.MSG_MORE); err != nil {
		c.Infra("send the ESP header: %s", kit.ErrnoName(err))
	}
	sink.NewPair(c, in, out, nil).Splice(p, c.Shape.Span)
	if !sink.Poll(func() bool { return counters(c, sa).Failed > 0 }) {
		c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: "the packet was not counted as an authentication failure"}.Worse(f.Views()))
	}
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "the packet failed authentication, as expected"}.Worse(f.Views()))
}

var localhost = [4]byte{127, 0, 0, 1}

// association is a single one for both directions, from loopback to loopback.
func association(name string) *netlink.XfrmState {
	sa := &netlink.XfrmState{
		Src: net.IP(localhost[:]), Dst: net.IP(localhost[:]),
		Proto: netlink.XFRM_PROTO_ESP, Mode: netlink.XFRM_MODE_TRANSPORT, Spi: espSPI, Reqid: 1,
	}
	if name == "gcm" {
		sa.Aead = &netlink.XfrmStateAlgo{Name: "rfc4106(gcm(aes))", Key: make([]byte, 20), ICVLen: 128}
		return sa
	}
	sa.Auth = &netlink.XfrmStateAlgo{Name: "hmac(sha256)", Key: make([]byte, 32), TruncateLen: 128}
	sa.Crypt = &netlink.XfrmStateAlgo{Name: "cbc(aes)", Key: make([]byte, 16)}
	if name == "esn" {
		sa.ESN, sa.ReplayWindow = true, 32
	}
	return sa
}

// protect sends all packets of a protocol on loopback through the association.
func protect(c *kit.Cell, sa *netlink.XfrmState, proto netlink.Proto) {
	c.T.Helper()
	host := &net.IPNet{IP: sa.Src, Mask: net.CIDRMask(32, 32)}
	err := netlink.XfrmPolicyAdd(&netlink.XfrmPolicy{
		Src: host, Dst: host, Proto: proto, Dir: netlink.XFRM_DIR_OUT,
		Tmpls: []netlink.XfrmPolicyTmpl{{Src: sa.Src, Dst: sa.Dst, Proto: sa.Proto, Mode: sa.Mode, Spi: sa.Spi, Reqid: sa.Reqid}},
	})
	if err != nil {
		c.Infra("add the IPsec policy: %s", kit.ErrnoName(err))
	}
}

// encapsulated is a socket bound to the ESP-in-UDP port, whose packets the kernel
// decapsulates.
func encapsulated(c *kit.Cell) int {
	c.T.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		c.Infra("socket: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Port: espPort, Addr: localhost}); err != nil {
		c.Infra("bind: %s", kit.ErrnoName(err))
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_ENCAP, unix.UDP_ENCAP_ESPINUDP); err != nil {
		c.Infra("UDP_ENCAP: %s", kit.ErrnoName(err))
	}
	return fd
}

// counters are the association's packet statistics.
func counters(c *kit.Cell, sa *netlink.XfrmState) netlink.XfrmStateStats {
	c.T.Helper()
	now, err := netlink.XfrmStateGet(sa)
	if err != nil {
		c.Infra("ask for the security association: %s", kit.ErrnoName(err))
	}
	return now.Statistics
}
