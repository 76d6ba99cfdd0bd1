package kit

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h) and of
// /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst).
const (
	kpfDirty        = 4
	kpfCompoundHead = 15
	kpfCompoundTail = 16
	pmPresent       = 63
	pmFrameBits     = 55
)

// maxOrder bounds the walk along a folio: a PUD-sized folio has order 18.
const maxOrder = 18

// pageInfo describes the page that backs a file offset.
type pageInfo struct {
	frame uint64 // page frame number
	order int    // of its folio
	dirty bool
}

// page looks up the page that caches off; false if the process lacks the
// privilege, or nothing is cached.
func (f *File) page(off int64) (pageInfo, bool) {
	off -= off % int64(PageSize)
	m, err := mapPopulated(f.FD, off, PageSize)
	if err != nil {
		return pageInfo{}, false
	}
	defer func() { _ = unix.Munmap(m) }()
	return mapped(m)
}

// folio walks from a page frame to both ends of its folio.
func folio(flags words, frame uint64) (pageInfo, bool) {
	is := func(w uint64, bit int) bool { return w>>bit&1 == 1 }
	own, ok := flags.at(frame)
	head, first := frame, own
	for is(first, kpfCompoundTail) && ok && frame-head < 1<<maxOrder {
		head--
		first, ok = flags.at(head)
	}
	if !ok {
		return pageInfo{}, false
	}
	info := pageInfo{frame: frame, dirty: is(own, kpfDirty) || is(first, kpfDirty)}
	if !is(first, kpfCompoundHead) {
		return info, true
	}
	pages := uint64(1)
walk:
	for pages < 1<<maxOrder {
		run := flags.from(head+pages, 64)
		for _, next := range run {
			if !is(next, kpfCompoundTail) {
				break walk
			}
			pages++
		}
		if len(run) == 0 {
			break
		}
	}
	for uint64(2)<<info.order <= pages {
		info.order++
	}
	return info, true
}

// words is a /proc file that is an array of 64-bit words.
type words struct{ f *os.File }

func openWords(path string) (words, error) {
	f, err := os.Open(path)
	return words{f}, err
}

func (w words) close() { _ = w.f.Close() }

func (w words) at(n uint64) (uint64, bool) {
	var b [8]byte
	if _, err := w.f.ReadAt(b[:], int64(n*8)); err != nil {
		return 0, false
	}
	return binary.NativeEndian.Uint64(b[:]), true
}

// resident returns whether the page at off is in the page cache: "yes", "no", or
// "" if unknown.
func (f *File) resident(off int64) string {
	m, err := unix.Mmap(f.FD, off, PageSize, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return ""
	}
	defer func() { _ = unix.Munmap(m) }()
	var vec [1]byte
	if err := mincore(m, vec[:]); err != nil {
		return ""
	}
	return yesNo(vec[0]&1 == 1)
}

// from returns up to most words from n on, by a single read.
func (w words) from(n uint64, most int) []uint64 {
	b := make([]byte, most*8)
	got, _ := w.f.ReadAt(b, int64(n*8)) // the caller notices a short read
	out := make([]uint64, 0, most)
	for b = b[:got/8*8]; len(b) > 0; b = b[8:] {
		out = append(out, binary.NativeEndian.Uint64(b))
	}
	return out
}
