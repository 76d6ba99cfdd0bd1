package splice

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/netns"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var needsNamespaces = []string{"root", "network namespaces", "veth"}

var (
	senderAddress   = [4]byte{10, 0, 1, 1}
	receiverAddress = [4]byte{10, 0, 1, 2}
)

var overWire = kit.Test{
	Name: "TestWire", ID: "F12", Family: familySockets, Kind: outcome.Invariant, Priority: 1,
	Doc: "Data spliced to a UDP or TCP socket crosses a virtual link: both the packets captured there and what the receiver reads match the file.",
	Steps: []string{
		"Link two network namespaces, and capture what arrives in the second.",
		"Splice the file's first bytes into a pipe, and from there to a socket in the first.",
		"Receive in the second, and compare both with the file.",
	},
	Oracle:  "every byte captured and every byte received is from the file",
	Needs:   needsNamespaces,
	Modules: netns.Modules,
	Cells:   atMost(sink.MaxMessage, kit.Named("udp", "tcp")),
}

func TestWire(t *testing.T) {
	kit.Run(t, overWire, func(c *kit.Cell) {
		a, b := netns.New(c), netns.New(c)
		netns.Connect(netns.End{Namespace: a, Device: "a", Address: senderAddress}, netns.End{Namespace: b, Device: "b", Address: receiverAddress})
		pair, protocol := between(c, a, b, receiverAddress)
		captured := b.Capture("b")
		f := c.File()
		p := f.Splice()
		pair.Send(p, c.Shape.Span)
		got := pair.Receive(c.Shape.Span)
		var seen []byte
		var next uint32
		for {
			packet, ok := captured.Next(protocol)
			if !ok {
				break
			}
			if len(seen) > 0 && protocol == unix.IPPROTO_TCP && packet.Sequence != next {
				continue // retransmitted
			}
			seen, next = append(seen, packet.Payload...), packet.Sequence+uint32(len(packet.Payload))
		}
		found := f.History.Classify([]kit.Segment{{Off: 0, Len: c.Shape.Span}}, seen, nil)
		if found.Outcome != outcome.Snapshot {
			found.Detail = "on the wire: " + found.Detail
			c.Conclude(found)
		}
		p.JudgeReceived(f, got, "nothing arrived, although packets were captured")
	})
}

// between connects a socket in one namespace to one in another; the variant
// selects the protocol.
func between(c *kit.Cell, from, to *netns.Namespace, address [4]byte) (pair *sink.Pair, protocol byte) {
	c.T.Helper()
	if c.Shape.Variant == "udp" {
		in, out := to.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0), from.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		sink.ConnectUDP(c, in, out, address)
		return sink.NewPair(c, in, out, nil), unix.IPPROTO_UDP
	}
	server, out := to.Socket(unix.AF_INET, unix.SOCK_STREAM, 0), from.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	return sink.NewPair(c, sink.ConnectTCP(c, server, out, address, 0), out, nil), unix.IPPROTO_TCP
}

var hop = kit.Test{
	Name: "TestChecksumHop", ID: "F13", Family: familySockets, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Data spliced to a UDP or TCP socket leaves a device without checksum offload, and is held at the next hop while the file is overwritten: the checksum covers the old bytes.",
	Steps: []string{
		"Link three network namespaces in a row; the first computes checksums in software.",
		"Plug the second one's forwarding.",
		"Splice the file's first bytes into a pipe, and from there to a socket in the first.",
		"Overwrite that range in the file once the packet is held, and unplug.",
		"Receive in the third.",
	},
	Needs:   needsNamespaces,
	Modules: netns.Modules,
	Cells:   atMost(sink.MaxMessage, kit.Named("udp", "tcp")),
}

func TestChecksumHop(t *testing.T) {
	kit.Run(t, hop, func(c *kit.Cell) {
		a, m, b := netns.New(c), netns.New(c), netns.New(c)
		netns.Connect(netns.End{Namespace: a, Device: "a", Address: senderAddress}, netns.End{Namespace: m, Device: "ma", Address: receiverAddress})
		far := [4]byte{10, 0, 2, 2}
		netns.Connect(netns.End{Namespace: m, Device: "mb", Address: [4]byte{10, 0, 2, 1}}, netns.End{Namespace: b, Device: "b", Address: far})
		a.Via(receiverAddress)
		b.Via([4]byte{10, 0, 2, 1})
		m.Sysctl("net/ipv4/ip_forward", "1")
		a.ChecksumInSoftware("a")
		pair, _ := between(c, a, b, far)
		f := c.File()
		p := f.Splice()
		if c.Shape.Variant == "udp" {
			// Send a byte before plugging, so that ARP has resolved
			// the neighbours.
			if _, err := unix.Write(pair.Out, []byte{1}); err != nil {
				c.Infra("send a byte: %s", kit.ErrnoName(err))
			}
			pair.Discard(1)
		}
		plug := m.Plug("mb")
		pair.Splice(p, c.Shape.Span)
		if !sink.Poll(func() bool { return plug.Held() > 0 }) {
			c.Infra("no packet is held at the second hop")
		}
		f.Write(0, c.Shape.Span)
		plug.Release()
		var got []byte
		var wrong int
		b.Do(func() {
			got = pair.Receive(c.Shape.Span)
			wrong = sink.Counters(map[string]string{"udp": "Udp", "tcp": "Tcp"}[c.Shape.Variant])["InCsumErrors"]
		})
		c.Attr("checksum_errors", fmt.Sprint(wrong))
		p.JudgeReceived(f, got, fmt.Sprintf("nothing arrived, InCsumErrors is %d", wrong))
	})
}
