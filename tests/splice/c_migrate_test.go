package splice

import (
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var migrated = []kit.Test{compact, softOffline, mergePages, collapse}

var compact = kit.Test{
	Name: "TestCompactMemory", ID: "C11", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "All memory is compacted while the file's pages are in the pipe.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Fill 16 MiB of memory and free every second page, so that there is something to compact.",
		"Write 1 to compact_memory; /proc/vmstat must show that pages were migrated.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem"},
	Needs: append([]string{"CONFIG_COMPACTION"}, needsGuest...),
	Cells: kit.Large()[:1], // for a second cell, memory would be compacted already
	Guest: true,            // it migrates pages system-wide
}

func TestCompactMemory(t *testing.T) {
	kit.Run(t, compact, func(c *kit.Cell) {
		f := c.File()
		compactAlone(c)
		p := f.Splice()
		before, known := f.Frame(0)
		// kcompactd completes a run in progress, so scattered memory may be
		// compacted again before the test triggers compaction.
		n := 0
		moved := kit.Poll(time.Millisecond, func() bool {
			defer scatter(c)()
			n = c.CompactMemory()
			return n > 0
		})
		c.Attr("migrated", strconv.Itoa(n))
		if !moved {
			c.Infra("compact_memory migrated no page")
		}
		frameMoved(c, f, before, known)
		p.Judge(f)
	})
}

// compactAlone stops the kernel from compacting memory on its own, and keeps
// the per-CPU free lists minimal: compaction does not look at them.
func compactAlone(c *kit.Cell) {
	// Since Linux 6.7 the lists auto-tune up to an eighth of memory. The sysctl
	// exists since 5.14.
	c.Setting("/proc/sys/vm/percpu_pagelist_high_fraction", "1000000")
	// kcompactd wakes twice a second to check for work.
	c.Setting("/proc/sys/vm/compaction_proactiveness", "0")
}

// scatter fragments memory, with a free page beside every used one, until undo.
func scatter(c *kit.Cell) (undo func()) {
	const length = 16 << 20
	m, err := unix.Mmap(-1, 0, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		c.Infra("map anonymous memory: %s", kit.ErrnoName(err))
	}
	// EINVAL: a kernel without huge pages.
	if err := unix.Madvise(m, unix.MADV_NOHUGEPAGE); err != nil && !errors.Is(err, unix.EINVAL) {
		c.Infra("madvise(MADV_NOHUGEPAGE): %s", kit.ErrnoName(err))
	}
	for off := 0; off < length; off += kit.PageSize {
		m[off] = 1
	}
	for off := 0; off < length; off += 2 * kit.PageSize {
		if err := unix.Madvise(m[off:off+kit.PageSize], unix.MADV_DONTNEED); err != nil {
			c.Infra("madvise(MADV_DONTNEED): %s", kit.ErrnoName(err))
		}
	}
	return func() { _ = unix.Munmap(m) }
}

// frameMoved records in the covariate frame_moved whether the file's first page
// has a different page frame than before.
func frameMoved(c *kit.Cell, f *kit.File, before uint64, known bool) {
	if after, ok := f.Frame(0); ok && known {
		moved := "no"
		if after != before {
			moved = "yes"
		}
		c.Attr("frame_moved", moved)
	}
}

var softOffline = kit.Test{
	Name: "TestSoftOffline", ID: "C11", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "MADV_SOFT_OFFLINE asks the kernel to vacate the page frame that is in the pipe, as if its memory were about to fail: it migrates the page.",
	Steps: []string{
		"Write a file and a second one, which is written back, and splice the beginning of the first into a pipe.",
		"Soft-offline the first page of the second file, which must then be in another frame.",
		"Soft-offline the first page of the first file; the result is the attribute soft_offline.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 6.12 to 7.3 and every filesystem; Debian's cloud kernels of 5.10 and 6.1 do not support it"},
	Needs: append([]string{"CONFIG_MEMORY_FAILURE"}, needsGuest...),
	Cells: kit.Varied(nil, kit.Small(), kit.Large()),
	Guest: true, // the frames are lost until the VM reboots
}

func TestSoftOffline(t *testing.T) {
	kit.Run(t, softOffline, func(c *kit.Cell) {
		f := c.File()
		// Clean: newer kernels return EBUSY for a dirty large folio on some
		// filesystems.
		other := c.FileOf(c.Shape.Size, c.Shape.Chunk, false)
		p := f.Splice()
		before, known := f.Frame(0)
		from, ok := other.Frame(0)
		if !known || !ok {
			c.Skip("/proc/self/pagemap shows no page frame numbers: page migration cannot be observed")
		}
		switch err := other.SoftOffline(0); {
		case errors.Is(err, unix.EINVAL):
			c.Skip("madvise(MADV_SOFT_OFFLINE): EINVAL (a kernel without CONFIG_MEMORY_FAILURE)")
		case err != nil:
			c.Infra("madvise(MADV_SOFT_OFFLINE) of a page that is in no pipe: %s", kit.ErrnoName(err))
		}
		if to, ok := other.Frame(0); !ok || to == from {
			c.Infra("a page that is in no pipe has the same frame as before MADV_SOFT_OFFLINE")
		}
		c.Attr("bystander_moved", "yes")
		result := "ok"
		if err := f.SoftOffline(0); err != nil {
			result = kit.ErrnoName(err)
		}
		c.Attr("soft_offline", result)
		frameMoved(c, f, before, known)
		p.Judge(f)
	})
}

var mergePages = kit.Test{
	Name: "TestMergePages", ID: "C11", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "KSM merges vmspliced memory with memory of the same content, or unmerges what it had merged before.",
	Steps: []string{
		"Store the same content to two pages of anonymous memory, and let KSM scan without pauses.",
		"merge: vmsplice the first into a pipe and apply MADV_MERGEABLE to both; a further pair, in no pipe, must become one page.",
		"unmerge: apply it first, wait until both are one page, vmsplice the first, and make KSM unmerge everything: there must be two pages again. Store to the second.",
		"Read the pipe.",
	},
	Oracle: "the reader received what was in memory at the time of the vmsplice, and the memory still has that content",
	Known:  []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs:  append([]string{"CONFIG_KSM"}, needsGuest...),
	Cells:  kit.Named("merge", "unmerge"),
	Guest:  true, // KSM is system-wide
}

func TestMergePages(t *testing.T) {
	kit.Run(t, mergePages, func(c *kit.Cell) {
		k := c.KSM()
		a, b := k.Pair()
		var p *kit.Pipe
		if c.Shape.Variant == "merge" {
			p = a.Vmsplice(0)
			k.Mergeable(a, b)
			k.MergeOther()
			c.Attr("merged", strconv.FormatBool(k.Merged(a, b)))
		} else {
			k.Mergeable(a, b)
			k.Merge(a, b)
			p = a.Vmsplice(0)
			c.Attr("merged", strconv.FormatBool(k.Merged(a, b)))
			k.Unmerge()
			if k.Merged(a, b) {
				c.Infra("two pages are still merged after KSM was told to unmerge everything")
			}
			b.Store(0, kit.PageSize)
		}
		p.JudgeMemory(a)
	})
}

var collapse = kit.Test{
	Name: "TestCollapseHuge", ID: "C11", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "MADV_COLLAPSE asks for a huge page instead of the base pages of a file or of anonymous memory, the first of which are in the pipe.",
	Steps: []string{
		"Make two files, or pieces of anonymous memory, of the size of a huge page in base pages, and put the beginning of the first into a pipe by splice or vmsplice.",
		"Collapse the second by MADV_COLLAPSE: it must then be one huge page.",
		"Collapse the first; the result is the attribute collapse.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 6.1 to 7.3; a file only on tmpfs, and from 7.2 on also on ext4 and xfs"},
	Needs: []string{"MADV_COLLAPSE", "CONFIG_TRANSPARENT_HUGEPAGE", "/proc/kpageflags"},
	Cells: kit.WithHuge(kit.Named("file", "anonymous"), "file", "anonymous"),
}

// collapsible is a file or memory of the size of a huge page.
type collapsible struct {
	collapse func() error
	order    func() (int, bool)
}

func TestCollapseHuge(t *testing.T) {
	kit.Run(t, collapse, func(c *kit.Cell) {
		const huge = "/sys/kernel/mm/transparent_hugepage"
		if kernelBefore(c, 6, 1) {
			c.Skip("MADV_COLLAPSE exists since Linux 6.1")
		}
		if _, err := os.Stat(huge); err != nil {
			c.Skip("%v (a kernel without CONFIG_TRANSPARENT_HUGEPAGE)", err)
		}
		if c.Shape.Variant == "file" {
			f, other := c.FileOf(kit.HugeLen, kit.PageSize, false), c.FileOf(kit.HugeLen, kit.PageSize, false)
			p := f.Splice()
			collapseBoth(c, collapsible{f.CollapseHuge, func() (int, bool) { return f.Order(0) }},
				collapsible{other.CollapseHuge, func() (int, bool) { return other.Order(0) }})
			p.Judge(f)
			return
		}
		m, other := c.Scattered(), c.Scattered()
		p := c.Pipe()
		p.VmspliceAt(m.History, m.Bytes(), 0, kit.SpanLen, 0)
		collapseBoth(c, collapsible{m.Collapse, func() (int, bool) { return m.Order(0) }},
			collapsible{other.Collapse, func() (int, bool) { return other.Order(0) }})
		p.JudgeMemory(m)
	})
}

// isHuge reports whether a folio of that order is a huge page.
func isHuge(order int) bool { return kit.PageSize<<order == kit.HugeLen }

// collapseBoth collapses first the one that is not in a pipe, which must work, then
// the other.
func collapseBoth(c *kit.Cell, spliced, other collapsible) {
	c.T.Helper()
	if order, ok := other.order(); !ok {
		c.Skip("/proc/kpageflags cannot be read: huge pages cannot be observed")
	} else if isHuge(order) {
		c.Skip("%s already caches the file in huge pages", c.FS.Type)
	}
	err := other.collapse()
	switch {
	case errors.Is(err, unix.EINVAL) && c.Shape.Variant == "file" && c.FS.Type != "tmpfs":
		c.Skip("madvise(MADV_COLLAPSE) of a file that is open for writing: EINVAL on %s", c.FS.Type)
	case err != nil:
		c.Failed("madvise(MADV_COLLAPSE) of pages that are in no pipe", err)
	}
	order, _ := other.order()
	c.Attr("bystander_order", strconv.Itoa(order))
	if !isHuge(order) {
		c.Infra("MADV_COLLAPSE succeeded, and the folio is of order %d", order)
	}
	result := "ok"
	if err := spliced.collapse(); err != nil {
		result = kit.ErrnoName(err)
	}
	c.Attr("collapse", result)
	if order, ok := spliced.order(); ok {
		c.Attr("order_after", strconv.Itoa(order))
	}
}
