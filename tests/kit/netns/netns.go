// Package netns gives a cell its own network namespaces: nothing done in them is
// visible outside, and they are removed when the cell ends.
package netns

import (
	"errors"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// Modules are the kernel modules that links between namespaces may need, and
// the qdisc that holds packets.
var Modules = []string{"veth", "sch_plug", "af_packet"}

// mtu of every link: the maximum, so that a cell's data fits into one packet.
const mtu = 65535

// Namespace is a network namespace.
type Namespace struct {
	c      *kit.Cell
	handle netns.NsHandle
	link   *netlink.Handle
}

// New creates a namespace with the loopback device up.
func New(c *kit.Cell) *Namespace {
	c.T.Helper()
	n := &Namespace{c: c}
	inside(c, func() error { return unix.Unshare(unix.CLONE_NEWNET) }, func() {
		var err error
		if n.handle, err = netns.Get(); err != nil {
			c.Infra("open the network namespace: %v", err)
		}
		c.T.Cleanup(func() { _ = n.handle.Close() })
		if n.link, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			c.Infra("netlink: %s", kit.ErrnoName(err))
		}
		c.T.Cleanup(n.link.Close)
	})
	n.up("lo")
	return n
}

// Do runs f on a thread that is inside the namespace.
func (n *Namespace) Do(f func()) {
	n.c.T.Helper()
	inside(n.c, func() error { return netns.Set(n.handle) }, f)
}

// inside runs f on this goroutine's thread after enter, then switches the thread
// back. If that fails, the thread stays locked and thus exits with the goroutine.
func inside(c *kit.Cell, enter func() error, f func()) {
	c.T.Helper()
	runtime.LockOSThread()
	outside, err := netns.Get()
	if err != nil {
		c.Infra("open the network namespace: %v", err)
	}
	defer func() {
		if netns.Set(outside) == nil {
			runtime.UnlockOSThread()
		}
		_ = outside.Close()
	}()
	err = enter()
	switch {
	case errors.Is(err, unix.EPERM):
		c.Skip("network namespaces: EPERM")
	case err != nil:
		c.Infra("network namespace: %s", kit.ErrnoName(err))
	}
	f()
}

// Socket creates a non-blocking socket in the namespace.
func (n *Namespace) Socket(domain, typ, protocol int) int {
	n.c.T.Helper()
	fd := -1
	n.Do(func() {
		var err error
		if fd, err = unix.Socket(domain, typ|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol); err != nil {
			n.c.Infra("socket: %s", kit.ErrnoName(err))
		}
	})
	n.c.T.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// Sysctl sets one of the namespace's sysctls, e.g. "net/ipv4/ip_forward".
func (n *Namespace) Sysctl(name, value string) {
	n.c.T.Helper()
	n.Do(func() {
		if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0); err != nil {
			n.c.Infra("sysctl: %v", err)
		}
	})
}

// Index is the ifindex of a device.
func (n *Namespace) Index(device string) int {
	n.c.T.Helper()
	return n.device(device).Attrs().Index
}

func (n *Namespace) device(name string) netlink.Link {
	n.c.T.Helper()
	l, err := n.link.LinkByName(name)
	if err != nil {
		n.c.Infra("device %s: %v", name, err)
	}
	return l
}

func (n *Namespace) up(device string) {
	n.c.T.Helper()
	if err := n.link.LinkSetUp(n.device(device)); err != nil {
		n.c.Infra("bring %s up: %s", device, kit.ErrnoName(err))
	}
}

// End is one end of a link: a device of a namespace, and its address in a /24
// network.
type End struct {
	Namespace *Namespace
	Device    string
	Address   [4]byte
}

// Connect creates a link between two namespaces.
func Connect(a, b End) {
	c := a.Namespace.c
	c.T.Helper()
	c.Module("veth")
	veth := netlink.NewVeth(netlink.LinkAttrs{Name: a.Device, MTU: mtu, TxQLen: -1})
	veth.PeerName, veth.PeerMTU, veth.PeerNamespace = b.Device, mtu, netlink.NsFd(b.Namespace.handle)
	err := a.Namespace.link.LinkAdd(veth)
	switch {
	case errors.Is(err, unix.EOPNOTSUPP):
		c.Skip("veth: %s", kit.ErrnoName(err))
	case err != nil:
		c.Infra("add a veth pair: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = a.Namespace.link.LinkDel(veth) })
	for _, e := range []End{a, b} {
		at := &netlink.Addr{IPNet: &net.IPNet{IP: e.Address[:], Mask: net.CIDRMask(24, 32)}}
		if err := e.Namespace.link.AddrAdd(e.Namespace.device(e.Device), at); err != nil {
			c.Infra("give %s an address: %s", e.Device, kit.ErrnoName(err))
		}
	}
	a.Namespace.up(a.Device)
	b.Namespace.up(b.Device)
}

// Via routes everything else to a gateway.
func (n *Namespace) Via(gateway [4]byte) {
	n.c.T.Helper()
	if err := n.link.RouteAdd(&netlink.Route{Gw: net.IP(gateway[:])}); err != nil {
		n.c.Infra("add a route: %s", kit.ErrnoName(err))
	}
}

// RetransmitAfter makes TCP over loopback retransmit after the given number of
// milliseconds instead of 200.
func (n *Namespace) RetransmitAfter(ms int) {
	n.c.T.Helper()
	host := net.IPv4(127, 0, 0, 1).To4()
	route := &netlink.Route{
		Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: unix.RT_SCOPE_HOST, Protocol: unix.RTPROT_KERNEL,
		LinkIndex: n.Index("lo"), Dst: &net.IPNet{IP: host, Mask: net.CIDRMask(32, 32)}, Src: host,
		RtoMin: ms, RtoMinLock: true,
	}
	if err := n.link.RouteReplace(route); err != nil {
		n.c.Infra("set the loopback route's rto_min: %s", kit.ErrnoName(err))
	}
}
