package netns

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// plugRelease is TCQ_PLUG_RELEASE_INDEFINITE of include/uapi/linux/pkt_sched.h:
// release the held packets and all later ones.
const plugRelease = 2

// Plug is a qdisc on a device that holds packets.
type Plug struct {
	n     *Namespace
	index int
}

// Plug starts holding the packets that the namespace sends on a device.
func (n *Namespace) Plug(device string) *Plug {
	n.c.T.Helper()
	n.c.Module("sch_plug")
	p := &Plug{n, n.Index(device)}
	err := n.link.QdiscAdd(&netlink.GenericQdisc{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: p.index, Handle: plugHandle, Parent: netlink.HANDLE_ROOT},
		QdiscType:  "plug",
	})
	switch {
	case errors.Is(err, unix.ENOENT):
		n.c.Skip("qdisc plug: %s", kit.ErrnoName(err))
	case err != nil:
		n.c.Infra("plug %s: %s", device, kit.ErrnoName(err))
	}
	return p
}

var plugHandle = netlink.MakeHandle(1, 0)

// Held is the number of held packets.
func (p *Plug) Held() int {
	p.n.c.T.Helper()
	all, err := p.n.link.QdiscList(&netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: p.index}})
	if err != nil {
		p.n.c.Infra("list qdiscs: %s", kit.ErrnoName(err))
	}
	for _, q := range all {
		if s := q.Attrs().Statistics; q.Attrs().Handle == plugHandle && s != nil && s.Queue != nil {
			return int(s.Queue.Qlen)
		}
	}
	p.n.c.Infra("the plug is not among the qdiscs")
	return 0
}

// Release releases everything. The netlink library has no options for plug, so
// the message is built here: struct tc_plug_qopt.
func (p *Plug) Release() {
	p.n.c.T.Helper()
	req := nl.NewNetlinkRequest(unix.RTM_NEWQDISC, unix.NLM_F_ACK)
	req.AddData(&nl.TcMsg{Family: nl.FAMILY_ALL, Ifindex: int32(p.index), Handle: plugHandle, Parent: netlink.HANDLE_ROOT})
	req.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated("plug")))
	option := make([]byte, 8) // action, limit
	binary.NativeEndian.PutUint32(option, plugRelease)
	req.AddData(nl.NewRtAttr(nl.TCA_OPTIONS, option))
	p.n.Do(func() {
		if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
			p.n.c.Infra("release the plug: %s", kit.ErrnoName(err))
		}
	})
}

// ethtoolTxChecksum is ETHTOOL_STXCSUM of include/uapi/linux/ethtool.h.
const ethtoolTxChecksum = 0x17

// ChecksumInSoftware makes the namespace checksum what it sends on a device
// before the packet leaves: a veth device otherwise leaves the checksum to
// hardware offload that does not exist.
func (n *Namespace) ChecksumInSoftware(device string) {
	n.c.T.Helper()
	fd := n.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	value := struct{ command, data uint32 }{ethtoolTxChecksum, 0}
	ifreq := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&value)}
	copy(ifreq.name[:unix.IFNAMSIZ-1], device)
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&ifreq)))
	if e != 0 {
		n.c.Infra("turn off the checksum offload of %s: %s", device, kit.ErrnoName(e))
	}
}
