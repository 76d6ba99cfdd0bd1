package kit

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Of include/uapi/asm-generic/mman-common.h.
const (
	madvCollapse    = 25 // MADV_COLLAPSE, since Linux 6.1
	madvSoftOffline = 101
)

// Frame is the page frame number at off of the memory; false if unknown.
func (m *Memory) Frame(off int) (uint64, bool) {
	info, ok := mapped(m.m[off:])
	return info.frame, ok
}

// Order is the order of the folio at off of the memory; false if unknown.
func (m *Memory) Order(off int) (int, bool) {
	info, ok := mapped(m.m[off:])
	return info.order, ok
}

// Order is the order of the folio that caches off; false if there is none, or
// it is unknown.
func (f *File) Order(off int64) (int, bool) {
	info, ok := f.page(off)
	return info.order, ok
}

// CompactMemory makes the kernel compact all memory, and returns how many pages
// were migrated.
func (c *Cell) CompactMemory() int {
	c.T.Helper()
	const path = "/proc/sys/vm/compact_memory"
	before := c.vmstat("pgmigrate_success")
	err := c.do("compact_memory", func() error { return os.WriteFile(path, []byte("1\n"), 0) })
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.Skip("%s: no such file (a kernel without CONFIG_COMPACTION)", path)
	case errors.Is(err, os.ErrPermission):
		c.Skip("%s: %v", path, err)
	case err != nil:
		c.Infra("%v", err)
	}
	return c.vmstat("pgmigrate_success") - before
}

// vmstat is a counter of /proc/vmstat.
func (c *Cell) vmstat(name string) int {
	c.T.Helper()
	b, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		c.Infra("%v", err)
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				c.Infra("/proc/vmstat: %v", err)
			}
			return n
		}
	}
	c.Skip("/proc/vmstat has no %s (a kernel without CONFIG_MIGRATION)", name)
	return 0
}

// SoftOffline makes the kernel migrate the page that caches off and never reuse
// its page frame, as for memory that is about to fail.
func (f *File) SoftOffline(off int64) error {
	f.c.T.Helper()
	m, err := mapPopulated(f.FD, off, PageSize)
	if err != nil {
		f.c.Infra("mmap: %s", ErrnoName(err))
	}
	defer func() { _ = unix.Munmap(m) }()
	return f.c.do("madvise(MADV_SOFT_OFFLINE)", func() error { return unix.Madvise(m, madvSoftOffline) })
}

// Scattered returns memory that is eligible for one transparent huge page but
// consists of base pages.
func (c *Cell) Scattered() *Memory {
	c.T.Helper()
	all, region := c.hugeRegion()
	c.files++
	m := &Memory{c: c, m: region, all: all, History: NewHistory(c.nonce, c.files, len(region))}
	if err := unix.Madvise(region, unix.MADV_NOHUGEPAGE); err != nil {
		c.Infra("madvise(MADV_NOHUGEPAGE): %s", ErrnoName(err))
	}
	copy(region, m.History.Content())
	// The only way to undo MADV_NOHUGEPAGE.
	if err := unix.Madvise(region, unix.MADV_HUGEPAGE); err != nil {
		c.Infra("madvise(MADV_HUGEPAGE): %s", ErrnoName(err))
	}
	return m
}

// hugeRegion maps anonymous memory; region in it has a huge page's length and
// alignment.
func (c *Cell) hugeRegion() (all, region []byte) {
	c.T.Helper()
	c.needHuge()
	all = c.aligned(2 * HugeLen)
	at := hugeOffset(all)
	return all, all[at : at+HugeLen]
}

// Collapse requests one huge page instead of the memory's base pages.
func (m *Memory) Collapse() error {
	m.c.T.Helper()
	return m.c.do("madvise(MADV_COLLAPSE)", func() error { return unix.Madvise(m.m, madvCollapse) })
}

// CollapseHuge requests one huge page instead of the pages that cache the
// beginning of the file.
func (f *File) CollapseHuge() error {
	f.c.T.Helper()
	_, region := f.c.hugeRegion()
	at, err := unix.MmapPtr(f.FD, 0, addressPointer(region), uintptr(len(region)), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_FIXED|unix.MAP_POPULATE)
	if err != nil || at != addressPointer(region) {
		f.c.Infra("mmap: %s", ErrnoName(err))
	}
	return f.c.do("madvise(MADV_COLLAPSE)", func() error { return unix.Madvise(region, madvCollapse) })
}

// KSM is the kernel thread that merges pages of equal content.
type KSM struct{ c *Cell }

const ksmDir = "/sys/kernel/mm/ksm"

// KSM makes the thread scan without pauses until the cell ends; then all pages
// are unmerged and the settings restored.
func (c *Cell) KSM() KSM {
	c.T.Helper()
	k := KSM{c}
	if _, err := os.Stat(ksmDir); err != nil {
		c.Skip("%v (a kernel without CONFIG_KSM)", err)
	}
	// In this order, so that run is set last and reset first. Smart scan (since
	// Linux 6.7) skips pages without a duplicate, after a while in eight of nine
	// scans, and each page in different ones: two pages that are never scanned
	// together are never merged.
	for _, s := range [][2]string{{"pages_to_scan", "1000"}, {"sleep_millisecs", "0"}, {"smart_scan", "0"}, {"run", "1"}} {
		c.Setting(filepath.Join(ksmDir, s[0]), s[1])
	}
	c.T.Cleanup(func() { _ = k.set("run", "2") })
	return k
}

func (k KSM) set(name, value string) error {
	return os.WriteFile(filepath.Join(ksmDir, name), []byte(value), 0)
}

// Pair returns two pieces of memory of one page each, with the same content.
func (k KSM) Pair() (a, b *Memory) {
	k.c.T.Helper()
	a, b = k.c.Memory(PageSize, false), k.c.Memory(PageSize, false)
	copy(b.m, a.m)
	b.History = a.History.Clone()
	return a, b
}

// Mergeable applies MADV_MERGEABLE to the pieces of memory.
func (k KSM) Mergeable(ms ...*Memory) {
	k.c.T.Helper()
	for _, m := range ms {
		if err := unix.Madvise(m.m, unix.MADV_MERGEABLE); err != nil {
			k.c.Infra("madvise(MADV_MERGEABLE): %s", ErrnoName(err))
		}
	}
}

// MergeOther waits until a further pair, marked after all others, has been
// merged, and for one more full scan, so that KSM has seen everything.
func (k KSM) MergeOther() {
	k.c.T.Helper()
	a, b := k.Pair()
	k.Mergeable(a, b)
	k.Merge(a, b)
	before := k.scans()
	if !Poll(2*time.Millisecond, func() bool { return k.scans() > before+1 }) {
		k.c.Infra("KSM no longer scans")
	}
}

// scans is the number of full scans so far.
func (k KSM) scans() int {
	k.c.T.Helper()
	b, err := os.ReadFile(filepath.Join(ksmDir, "full_scans"))
	if err != nil {
		k.c.Infra("%v", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		k.c.Infra("full_scans: %v", err)
	}
	return n
}

// Merged reports whether two pieces of memory share one page.
func (k KSM) Merged(a, b *Memory) bool {
	k.c.T.Helper()
	x, ok := a.Frame(0)
	y, also := b.Frame(0)
	if !ok || !also {
		k.c.Skip("/proc/self/pagemap shows no page frame numbers: merging cannot be observed")
	}
	return x == y
}

// Merge waits until two pieces of memory share one page.
func (k KSM) Merge(a, b *Memory) {
	k.c.T.Helper()
	if !Poll(2*time.Millisecond, func() bool { return k.Merged(a, b) }) {
		k.c.Infra("two mergeable pages of the same content are still separate")
	}
}

// Unmerge breaks all KSM sharing.
func (k KSM) Unmerge() {
	k.c.T.Helper()
	if err := k.c.do("ksm/run", func() error { return k.set("run", "2") }); err != nil {
		k.c.Infra("%v", err)
	}
}
