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
		"Store to 16 MiB of memory and give every second page back, so that there is something to compact.",
		"Write 1 to compact_memory; by /proc/vmstat pages must have been moved.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 5.10 to 7.3 and every filesystem"},
	Needs: append([]string{"CONFIG_COMPACTION"}, needsGuest...),
	Cells: kit.Large()[:1], // a second cell would find memory compacted
	Guest: true,            // it moves everybody's pages
}

func TestCompactMemory(t *testing.T) {
	kit.Run(t, compact, func(c *kit.Cell) {
		f := c.File()
		compactAlone(c)
		p := f.Splice()
		before, known := f.Frame(0)
		// What was scattered may be together again before its turn has come:
		// kcompactd ends what it has begun.
		n := 0
		moved := kit.Poll(time.Millisecond, func() bool {
			defer scatter(c)()
			n = c.CompactMemory()
			return n > 0
		})
		c.Attr("migrated", strconv.Itoa(n))
		if !moved {
			c.Infra("compact_memory moved no page")
		}
		frameMoved(c, f, before, known)
		p.Judge(f)
	})
}

// compactAlone keeps the kernel from compacting memory by itself, and the
// processors from keeping more free pages than they must, where compaction
// does not look.
func compactAlone(c *kit.Cell) {
	// By themselves the lists grow to an eighth of memory, since Linux 6.7.
	// This is there since 5.14.
	c.Setting("/proc/sys/vm/percpu_pagelist_high_fraction", "1000000")
	// Twice a second kcompactd looks whether there is something to do.
	c.Setting("/proc/sys/vm/compaction_proactiveness", "0")
}

// scatter leaves memory with a free page beside every used one, until undo.
func scatter(c *kit.Cell) (undo func()) {
	const length = 16 << 20
	m, err := unix.Mmap(-1, 0, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		c.Infra("map anonymous memory: %s", kit.ErrnoName(err))
	}
	// EINVAL: a kernel without huge pages, which makes none.
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

// frameMoved records whether the file's first page is in another frame than
// it was: the covariate frame_moved.
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
	Doc: "The kernel is told by MADV_SOFT_OFFLINE to empty the page frame that is in the pipe, as if its memory were about to fail: it migrates what is in there.",
	Steps: []string{
		"Write a file and a second one, which is written back, and splice the beginning of the first into a pipe.",
		"Soft-offline the first page of the second file, which must be in another frame then.",
		"Soft-offline the first page of the first file; what came of that is the attribute soft_offline.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 6.12 to 7.3 and every filesystem; 5.10 and 6.1 of Debian's cloud kernels cannot"},
	Needs: append([]string{"CONFIG_MEMORY_FAILURE"}, needsGuest...),
	Cells: kit.Varied(nil, kit.Small(), kit.Large()),
	Guest: true, // the frames are lost until the machine boots again
}

func TestSoftOffline(t *testing.T) {
	kit.Run(t, softOffline, func(c *kit.Cell) {
		f := c.File()
		// Clean: newer kernels say EBUSY to a dirty large folio on some filesystems.
		other := c.FileOf(c.Shape.Size, c.Shape.Chunk, false)
		p := f.Splice()
		before, known := f.Frame(0)
		from, ok := other.Frame(0)
		if !known || !ok {
			c.Skip("/proc/self/pagemap shows no page frames: whether a page was migrated cannot be told")
		}
		switch err := other.SoftOffline(0); {
		case errors.Is(err, unix.EINVAL):
			c.Skip("madvise(MADV_SOFT_OFFLINE): EINVAL (a kernel without CONFIG_MEMORY_FAILURE)")
		case err != nil:
			c.Infra("madvise(MADV_SOFT_OFFLINE) of a page that is in no pipe: %s", kit.ErrnoName(err))
		}
		if to, ok := other.Frame(0); !ok || to == from {
			c.Infra("a page that is in no pipe is in the frame that it was in before MADV_SOFT_OFFLINE")
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
	Doc: "KSM merges memory that vmsplice put into the pipe with other memory of the same content, or takes apart what it had merged before.",
	Steps: []string{
		"Store the same into two pages of anonymous memory, and have KSM scan without rest.",
		"merge: vmsplice the first into a pipe and advise MADV_MERGEABLE for both; a further pair, in no pipe, must become one page.",
		"unmerge: advise it first, wait until both are one page, vmsplice the first, and have KSM take all apart: both must be two pages again. Store to the second.",
		"Read the pipe.",
	},
	Oracle: "the reader received what was in memory at the time of the vmsplice, and the memory still holds that",
	Known:  []string{"snapshot on every kernel from 5.10 to 7.3"},
	Needs:  append([]string{"CONFIG_KSM"}, needsGuest...),
	Cells:  kit.Named("merge", "unmerge"),
	Guest:  true, // KSM is one for the whole machine
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
				c.Infra("two pages are still one after KSM was told to take all apart")
			}
			b.Store(0, kit.PageSize)
		}
		p.JudgeMemory(a)
	})
}

var collapse = kit.Test{
	Name: "TestCollapseHuge", ID: "C11", Family: familyPreserved, Kind: outcome.Invariant, Priority: 1,
	Doc: "MADV_COLLAPSE asks for one huge page in the place of the base pages of a file or of anonymous memory, the first of which are in the pipe.",
	Steps: []string{
		"Make two files, or pieces of anonymous memory, of 2 MiB in base pages, and put the beginning of the first into a pipe by splice or vmsplice.",
		"Collapse the second by MADV_COLLAPSE: it must be one huge page then.",
		"Collapse the first; what came of that is the attribute collapse.",
		"Read the pipe.",
	},
	Known: []string{"snapshot on every kernel from 6.1 to 7.3; a file only on tmpfs, and from 7.2 on also on ext4 and xfs"},
	Needs: []string{"MADV_COLLAPSE", "CONFIG_TRANSPARENT_HUGEPAGE", "/proc/kpageflags"},
	Cells: kit.Named("file", "anonymous"),
}

// collapsible is a file or memory of 2 MiB.
type collapsible struct {
	collapse func() error
	order    func() (int, bool)
}

func TestCollapseHuge(t *testing.T) {
	kit.Run(t, collapse, func(c *kit.Cell) {
		const huge = "/sys/kernel/mm/transparent_hugepage"
		if kernelBefore(c, 6, 1) {
			c.Skip("MADV_COLLAPSE is there since Linux 6.1")
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

// hugeOrder is the order of a huge page.
const hugeOrder = 9

// collapseBoth collapses what is in no pipe, which must work, and then what
// is.
func collapseBoth(c *kit.Cell, spliced, other collapsible) {
	c.T.Helper()
	if order, ok := other.order(); !ok {
		c.Skip("/proc/kpageflags cannot be read: whether a page is huge cannot be told")
	} else if order == hugeOrder {
		c.Skip("%s caches a file in huge pages by itself", c.FS.Type)
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
	if order != hugeOrder {
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
