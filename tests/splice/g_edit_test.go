package splice

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/netns"
	"github.com/splicelab/splicelab/tests/kit/sink"
)

var editModules = []string{"sch_ingress", "cls_matchall", "act_pedit"}

var packetEdit = kit.Test{
	Name: "TestPacketEdit", ID: "G6", Family: familyConsumer, Kind: outcome.Invariant, Priority: 1,
	Doc: "Traffic control edits the payload of outgoing or incoming packets, which was spliced from the file; the position is relative to the IP header, to the UDP or TCP header, or computed from a byte of the packet.",
	Steps: []string{
		"In a network namespace of its own, make act_pedit invert four bytes of each packet's payload on loopback, at egress or ingress.",
		"Splice the file into a UDP or TCP socket and receive.",
	},
	Oracle: "read(2), a fresh mapping and O_DIRECT show the file unchanged; the data received is the attribute received, since the edit is meant to show there.",
	Known: []string{
		"Unchanged on 5.10, 6.1, 6.12, 6.18 and 7.3, ext4 and xfs, and on btrfs on 5.10, 6.12 and 7.3; each edit showed at the receiver.",
	},
	Modules: editModules, Guest: true,
	Fault: kit.FaultSource,
	Cells: atMost(sink.MaxMessage, kit.Named("ip-egress", "ip-ingress", "udp-egress", "udp-ingress", "tcp-egress", "tcp-ingress",
		"computed-egress", "computed-ingress")),
}

// edit is the part of a packet that act_pedit inverts, and in which packets.
type edit struct {
	to     sink.Sink
	header nl.PeditHeaderType
	key    nl.TcPeditKey
}

// The IP header has 20 bytes, the UDP header 8, and the TCP header with
// timestamps 32. The first byte of IP, 0x45, has the version in its upper half:
// the computed position masks it to 64.
var edits = map[string]edit{
	"ip":       {sink.UDP, nl.TCA_PEDIT_KEY_EX_HDR_TYPE_NETWORK, nl.TcPeditKey{Off: 28 + 1000}},
	"udp":      {sink.UDP, nl.TCA_PEDIT_KEY_EX_HDR_TYPE_UDP, nl.TcPeditKey{Off: 8}},
	"tcp":      {sink.TCP, nl.TCA_PEDIT_KEY_EX_HDR_TYPE_TCP, nl.TcPeditKey{Off: 32}},
	"computed": {sink.UDP, nl.TCA_PEDIT_KEY_EX_HDR_TYPE_NETWORK, nl.TcPeditKey{Off: 28 + 1000 - 64, At: 0, OffMask: 0x40}},
}

func TestPacketEdit(t *testing.T) {
	kit.Run(t, packetEdit, func(c *kit.Cell) {
		c.Module(editModules...)
		netns.New(c).Do(func() { editedOnTheWay(c) })
	})
}

// editedOnTheWay is the cell's body, inside its own network namespace.
func editedOnTheWay(c *kit.Cell) {
	c.T.Helper()
	name, side, _ := strings.Cut(c.Shape.Variant, "-")
	e := edits[name]
	to := e.to.Pair(c)
	e.install(c, side)
	// A checksum computed before the edit would be wrong after it.
	if err := unix.SetsockoptInt(to.Out, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		c.Infra("SO_NO_CHECK: %s", kit.ErrnoName(err))
	}
	f := c.File()
	p := f.Splice()
	to.Splice(p, c.Shape.Span)
	received := difference(to.Receive(c.Shape.Span), f.History.Content()[:c.Shape.Span])
	c.Attr("received", received)
	c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "received: " + received}.Worse(f.Views()))
}

// difference describes how the received data differs from want.
func difference(got, want []byte) string {
	switch {
	case len(got) != len(want):
		return fmt.Sprintf("%d of %d bytes", len(got), len(want))
	case bytes.Equal(got, want):
		return "unchanged"
	}
	at := 0
	for got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("edited at %d", at)
}

// install adds the edit at the egress or ingress of the loopback device. The
// netlink package's own pedit action supports only headers.
func (e edit) install(c *kit.Cell, side string) {
	c.T.Helper()
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		c.Infra("find the loopback device: %v", err)
	}
	index := lo.Attrs().Index
	if err := netlink.QdiscAdd(&netlink.Clsact{QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT,
	}}); err != nil {
		c.Infra("add clsact: %s", kit.ErrnoName(err))
	}
	parent := uint32(netlink.HANDLE_MIN_EGRESS)
	if side == "ingress" {
		parent = netlink.HANDLE_MIN_INGRESS
	}
	// The kernel ANDs with the mask and XORs with the value.
	key := e.key
	key.Mask, key.Val = ^uint32(0), ^uint32(0)
	pedit := nl.TcPedit{
		Sel:    nl.TcPeditSel{NKeys: 1},
		Keys:   []nl.TcPeditKey{key},
		KeysEx: []nl.TcPeditKeyEx{{HeaderType: e.header, Cmd: nl.TCA_PEDIT_KEY_EX_CMD_SET}},
	}
	req := nl.NewNetlinkRequest(unix.RTM_NEWTFILTER, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddData(&nl.TcMsg{
		Family: nl.FAMILY_ALL, Ifindex: int32(index), Parent: parent,
		Info: netlink.MakeHandle(1, nl.Swap16(unix.ETH_P_ALL)),
	})
	req.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated("matchall")))
	options := nl.NewRtAttr(nl.TCA_OPTIONS, nil)
	pedit.Encode(options.AddRtAttr(nl.TCA_MATCHALL_ACT, nil).AddRtAttr(1, nil))
	req.AddData(options)
	if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		c.Infra("add the filter: %s", kit.ErrnoName(err))
	}
}
