package kit

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/internal/protocol"
	"github.com/splicelab/splicelab/outcome"
)

// Memory is private anonymous memory with the history of its content: the
// counterpart of File.
type Memory struct {
	History *History

	c   *Cell
	m   []byte
	all []byte // the mapping that m is part of
}

// Memory returns n bytes of new, populated memory. With huge it is part of one
// transparent huge page; if the kernel provides none, the cell ends.
func (c *Cell) Memory(n int, huge bool) *Memory {
	c.T.Helper()
	length := n
	if huge {
		c.needHuge()
		length = 2 * HugeLen // a huge page is aligned to its length
	}
	all, err := unix.Mmap(-1, 0, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		c.Infra("map anonymous memory: %s", ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Munmap(all) })
	c.files++
	m := &Memory{c: c, m: all[:n], all: all, History: NewHistory(c.nonce, c.files, n)}
	if huge {
		at := hugeOffset(all)
		region := all[at : at+HugeLen]
		c.wantHuge(region)
		m.m = region[:n]
	}
	copy(m.m, m.History.Content())
	info, known := mapped(m.m)
	if known {
		c.Attr("folio_order", strconv.Itoa(info.order))
	}
	if huge && known && PageSize<<info.order < HugeLen {
		c.Infra("the memory has folios of order %d: no huge page was available", info.order)
	}
	return m
}

// hugeOffset is where the first whole huge page of a mapping begins.
func hugeOffset(m []byte) int { return int(-addressOf(m) & uintptr(HugeLen-1)) }

// wantHuge requests a huge page, and ends the cell if this kernel never
// provides one.
func (c *Cell) wantHuge(region []byte) {
	c.T.Helper()
	const enabled = "/sys/kernel/mm/transparent_hugepage/enabled"
	b, err := os.ReadFile(enabled)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Skip("%s: no such file (a kernel without CONFIG_TRANSPARENT_HUGEPAGE)", enabled)
	case err != nil:
		c.Infra("%v", err)
	case strings.Contains(string(b), "[never]"):
		// The kernel disables huge pages on machines with less than 512 MiB,
		// which most of the lab's VMs are.
		if os.Getenv(protocol.EnvGuest) != "1" {
			c.Skip("%s is never", enabled)
		}
		if err := os.WriteFile(enabled, []byte("madvise"), 0); err != nil {
			c.Infra("%v", err)
		}
		c.T.Cleanup(func() {
			if err := os.WriteFile(enabled, []byte("never"), 0); err != nil {
				c.T.Errorf("disable huge pages again: %v", err)
			}
		})
	}
	if err := unix.Madvise(region, unix.MADV_HUGEPAGE); err != nil {
		c.Infra("madvise(MADV_HUGEPAGE): %s", ErrnoName(err))
	}
}

// Unmap unmaps the memory before the cell ends.
func (m *Memory) Unmap() error {
	return unix.Munmap(m.all)
}

// Bytes is the memory itself.
func (m *Memory) Bytes() []byte { return m.m }

// Vmsplice puts the memory into a new pipe.
func (m *Memory) Vmsplice(flags int) *Pipe {
	m.c.T.Helper()
	p := m.c.Pipe()
	p.Vmsplice(m.History, m.m, flags)
	return p
}

// Store overwrites the range with the next generation by CPU stores.
func (m *Memory) Store(off int64, n int) {
	m.c.T.Helper()
	b := m.History.Write(off, n)
	if err := m.c.do("store", func() error { return storeMapped(m.m[off:], b) }); err != nil {
		m.c.Failed("store", err)
	}
}

// View checks the memory. If it is not as expected, a consumer of the pipe has
// written to it.
func (m *Memory) View() Finding {
	want := m.History.Content()
	if at, ok := same(m.m, want); !ok {
		return Finding{Outcome: outcome.ConsumerWrite, Detail: fmt.Sprintf("the memory differs at %d: % x instead of % x",
			at, m.m[at:min(at+16, len(m.m))], want[at:min(at+16, len(want))])}
	}
	return Finding{Outcome: outcome.Snapshot}
}

// JudgeMemory is Judge for a pipe that memory was put into.
func (p *Pipe) JudgeMemory(m *Memory) {
	p.c.T.Helper()
	p.c.Record(p.FindingOf(m.History, p.Drain()).Worse(m.View()))
}

// FindingOf classifies got, received by a reader of this pipe from the file or
// memory with that history. Unlike Finding it does not read the pipe.
func (p *Pipe) FindingOf(h *History, got []byte) Finding { return h.Classify(p.segs, got, nil) }

// Vmsplice puts the whole of m, the start of the object with history h, into
// the pipe, which must have space for it. It ends the cell on failure.
func (p *Pipe) Vmsplice(h *History, m []byte, flags int) {
	p.c.T.Helper()
	p.VmspliceAt(h, m, 0, len(m), flags)
}

// VmspliceAt is Vmsplice for n bytes of m at off.
func (p *Pipe) VmspliceAt(h *History, m []byte, off, n, flags int) {
	p.c.T.Helper()
	h.Splice()
	for end := off + n; off < end; {
		iov := unix.Iovec{Base: unsafe.SliceData(m[off:])}
		iov.SetLen(end - off)
		n, err := unix.Vmsplice(p.W, []unix.Iovec{iov}, flags)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			p.c.Failed("vmsplice", err)
		case n <= 0:
			p.c.Conclude(Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("vmsplice: 0 of %d bytes", end-off)})
		}
		p.Spliced(int64(off), n)
		off += n
	}
}

// Bytes is the mapping itself. A test that accesses it must ensure that the faults
// can be served.
func (m *Mapping) Bytes() []byte { return m.m }

// StoreCounting is Store, and returns the number of minor faults of the storing
// thread: 0 if the PTEs were still writable, 1 or more if the kernel has
// write-protected them meanwhile for copy-on-write.
func (m *Mapping) StoreCounting(off int64, n int) int64 {
	m.f.c.T.Helper()
	b := m.f.History.Write(off, n)
	warm := m.f.c.aligned(n)
	var faults int64
	m.f.mutate("store through a mapping", func() error {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		return throughFile(func(fd int) error {
			if err := pwriteAll(fd, b, 0); err != nil {
				return err
			}
			// Prefault everything the thread and its stack need before counting.
			if err := fetch(fd, warm); err != nil {
				return err
			}
			var before, after unix.Rusage
			if err := errors.Join(countFaults(&after), countFaults(&before)); err != nil {
				return err
			}
			err := fetch(fd, m.m[off:off+int64(n)])
			if e := countFaults(&after); e != nil {
				return e
			}
			faults = after.Minflt - before.Minflt
			return err
		})
	})
	return faults
}

func countFaults(u *unix.Rusage) error { return unix.Getrusage(unix.RUSAGE_THREAD, u) }

// mapped looks up the first page of a populated mapping.
func mapped(m []byte) (pageInfo, bool) {
	pagemap, err := openWords("/proc/self/pagemap")
	if err != nil {
		return pageInfo{}, false
	}
	defer pagemap.close()
	flags, err := openWords("/proc/kpageflags")
	if err != nil {
		return pageInfo{}, false
	}
	defer flags.close()
	entry, ok := pagemap.at(uint64(addressOf(m)) / uint64(PageSize))
	frame := entry & (1<<pmFrameBits - 1)
	if !ok || entry>>pmPresent&1 == 0 || frame == 0 {
		return pageInfo{}, false
	}
	return folio(flags, frame)
}

// Clone returns an independent copy of h, for a private mapping of a file.
func (h *History) Clone() *History {
	n := *h
	n.versions = slices.Clone(h.versions)
	return &n
}
