package splice

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var forked = kit.Test{
	Name: "TestFork", ID: "D4", Family: familyMemory, Kind: outcome.Invariant, Priority: 0,
	Doc: "Two processes share memory copy-on-write after fork(2). One of them puts it into a pipe and lets go of it; the other one stores to it. No reader of the pipe may see that store.",
	Steps: []string{
		"Fill anonymous memory, one page or part of a huge page, with the pattern, and fork.",
		"The child puts it into a pipe by vmsplice(2), and exits, or unmaps it, or keeps it; or the parent does so before it forks, and then unmaps it.",
		"The other process stores the next generation.",
		"Read the pipe.",
	},
	Oracle: "the reader received what was in memory at the time of the vmsplice; a store of another process to its own copy is live, and wrong under every policy",
	Known: []string{
		"live on 5.10 for child-exits-thp and parent-unmaps-thp: a huge page is treated as exclusive to the parent although the pipe references it",
		"snapshot otherwise, on 5.10, 6.1, 6.12, 6.18 and 7.3",
	},
	Quick: []string{"child-exits"},
	Cells: kit.WithHuge(kit.Named(slices.Concat([]string{"child-exits", "child-unmaps", "child-keeps", "parent-unmaps"}, forkedHuge)...), forkedHuge...),
}

// forkedHuge are the cells with a transparent huge page.
var forkedHuge = []string{"child-exits-thp", "child-unmaps-thp", "parent-unmaps-thp"}

func TestFork(t *testing.T) {
	kit.Run(t, forked, func(c *kit.Cell) {
		who, thp := strings.CutSuffix(c.Shape.Variant, "-thp")
		m := c.Memory(kit.PageSize, thp)
		if who == "parent-unmaps" {
			childStores(c, m)
			return
		}
		childSplices(c, m, who)
	})
}

// childSplices lets a child put m into a pipe and stores to m in the parent.
func childSplices(c *kit.Cell, m *kit.Memory, who string) {
	p, done, end := c.Pipe(), c.Pipe(), c.Pipe()
	mem := m.Bytes()
	iov := unix.Iovec{Base: unsafe.SliceData(mem)}
	iov.SetLen(len(mem))
	var pin runtime.Pinner
	defer pin.Unpin()
	buf := new([1]byte)
	pin.Pin(&iov)
	pin.Pin(buf)
	calls := []kit.Call{{Trap: unix.SYS_VMSPLICE, Args: [6]uintptr{uintptr(p.W), uintptr(unsafe.Pointer(&iov)), 1}}}
	if who == "child-unmaps" {
		calls = append(calls, unmap(mem))
	}
	if who != "child-exits" {
		calls = append(calls,
			kit.Call{Trap: unix.SYS_WRITE, Args: [6]uintptr{uintptr(done.W), uintptr(unsafe.Pointer(buf)), 1}},
			kit.Call{Trap: unix.SYS_READ, Args: [6]uintptr{uintptr(end.R), uintptr(unsafe.Pointer(buf)), 1}})
	}
	m.History.Splice()
	child := c.Fork(calls)
	if who == "child-exits" {
		reap(c, child)
	} else {
		awaitByte(c, done)
	}
	if n := p.Readable(); n != len(mem) {
		c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("the child's vmsplice put %d of %d bytes into the pipe", n, len(mem))})
	}
	p.Spliced(0, len(mem))
	m.Store(0, len(mem))
	found := neverLive(p.FindingOf(m.History, p.Drain()).Worse(m.View()))
	if who != "child-exits" {
		sendByte(c, end)
		reap(c, child)
	}
	c.Record(found)
}

// childStores puts m into a pipe in the parent and lets a child store to m.
func childStores(c *kit.Cell, m *kit.Memory) {
	mem := m.Bytes()
	p, start, later := m.Vmsplice(0), c.Pipe(), c.Pipe()
	next := m.History.Write(0, len(mem))
	if n, err := unix.Write(later.W, next); err != nil || n != len(next) {
		c.Infra("write to a pipe: %d bytes, %v", n, err)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	buf := new([1]byte)
	pin.Pin(buf)
	child := c.Fork([]kit.Call{
		{Trap: unix.SYS_READ, Args: [6]uintptr{uintptr(start.R), uintptr(unsafe.Pointer(buf)), 1}},
		{Trap: unix.SYS_READ, Args: [6]uintptr{uintptr(later.R), uintptr(unsafe.Pointer(unsafe.SliceData(mem))), uintptr(len(mem))}},
	})
	// The child is then the only process that maps the page.
	if err := m.Unmap(); err != nil {
		c.Infra("munmap: %s", kit.ErrnoName(err))
	}
	sendByte(c, start)
	reap(c, child)
	if n := later.Readable(); n != 0 {
		c.Infra("the child stored %d bytes less than it was told to", n)
	}
	c.Record(neverLive(p.FindingOf(m.History, p.Drain())))
}

// neverLive is the verdict on data that crossed a process boundary: if any of the
// other process's store is visible, that is wrong under every policy.
func neverLive(f kit.Finding) kit.Finding {
	f.Never = f.Outcome != outcome.Snapshot
	return f
}

func unmap(mem []byte) kit.Call {
	return kit.Call{Trap: unix.SYS_MUNMAP, Args: [6]uintptr{uintptr(unsafe.Pointer(unsafe.SliceData(mem))), uintptr(len(mem))}}
}

func reap(c *kit.Cell, child *kit.Child) {
	if call := child.Wait(); call != 0 {
		c.Infra("call %d of the child failed", call)
	}
}

func sendByte(c *kit.Cell, p *kit.Pipe) {
	if _, err := unix.Write(p.W, []byte{1}); err != nil {
		c.Infra("write to a pipe: %s", kit.ErrnoName(err))
	}
}

// awaitByte waits until the child reports that it is ready.
func awaitByte(c *kit.Cell, p *kit.Pipe) {
	const patience = 10 * time.Second
	fds := []unix.PollFd{{Fd: int32(p.R), Events: unix.POLLIN}}
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if n, err := unix.Poll(fds, int(patience.Milliseconds())); err == nil && n == 1 {
			return
		}
	}
	c.Infra("no report from the child for %s", patience)
}
