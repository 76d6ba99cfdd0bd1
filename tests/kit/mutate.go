package kit

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a mutation may take before the cell's pipes are drained
// to see whether it waits for them (policy 4). No known kernel blocks, so this
// time is normally not spent.
const patience = 10 * time.Second

// FALLOC_FL_WRITE_ZEROES of include/uapi/linux/falloc.h, since Linux 6.17.
const fallocWriteZeroes = 0x80

// RWF_DONTCACHE of include/uapi/linux/fs.h, since Linux 6.14.
const rwfDontCache = 0x80

// do performs a mutation. If it does not return in time, the pipes are drained,
// and the cell records that it was blocked.
func (c *Cell) do(call string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case err := <-done:
		return err
	case <-t.C:
	}
	for _, p := range c.pipes {
		if p.R >= 0 && len(p.segs) > 0 {
			got, _ := drain(p.R, p.limit())
			p.early = append(p.early, got...)
		}
	}
	c.blocked = call
	return <-done
}

// mutate is do for a call whose failure ends the cell.
func (f *File) mutate(call string, op func() error) {
	f.c.T.Helper()
	if err := f.c.do(call, op); err != nil {
		f.c.Failed(call, err)
	}
}

// Write overwrites the range with the next generation.
func (f *File) Write(off int64, n int) {
	f.c.T.Helper()
	b := f.History.Write(off, n)
	f.mutate("write", func() error { return pwriteAll(f.FD, b, off) })
}

// WriteDirect is Write with O_DIRECT. The range must be aligned to the page
// size.
func (f *File) WriteDirect(off int64, n int) {
	f.c.T.Helper()
	fd, err := unix.Open(f.Path, unix.O_RDWR|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		f.directRefused("open with O_DIRECT", err)
	}
	defer func() { _ = unix.Close(fd) }()
	b := f.c.aligned(n)
	copy(b, f.History.Write(off, n))
	f.mutate("O_DIRECT write", func() error { return pwriteAll(fd, b, off) })
}

func (f *File) directRefused(call string, err error) {
	f.c.T.Helper()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		f.c.Unsupported(DirectIO, call, err)
	}
	f.c.Failed(call, err)
}

// aligned returns page-aligned memory for direct I/O.
func (c *Cell) aligned(n int) []byte {
	c.T.Helper()
	m, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		c.Infra("map anonymous memory: %s", ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Munmap(m) })
	return m
}

// WriteDontCache is Write with RWF_DONTCACHE: through the page cache, which
// drops it after writeback.
func (f *File) WriteDontCache(off int64, n int) {
	f.c.T.Helper()
	b := f.History.Write(off, n)
	f.Operate(DontCache, "pwritev2(RWF_DONTCACHE)", func() error {
		m, err := unix.Pwritev2(f.FD, [][]byte{b}, off, rwfDontCache)
		if err == nil && m != n {
			err = errShortWrite
		}
		return err
	})
}

// Clone shares the blocks of the range with another file, by FICLONERANGE.
func (f *File) Clone(from *File, off int64, n int) {
	f.c.T.Helper()
	f.Operate(CloneRange, "FICLONERANGE", func() error {
		return unix.IoctlFileCloneRange(f.FD, &unix.FileCloneRange{
			Src_fd: int64(from.FD), Src_offset: uint64(off), Src_length: uint64(n), Dest_offset: uint64(off)})
	})
	f.History.Replace(off, from.History.Content()[off:off+int64(n)])
}

// RenamedOver renames another file over this one, which stays open and keeps
// its content. Its Path then refers to the open file.
func (f *File) RenamedOver(by *File) {
	f.c.T.Helper()
	f.mutate("rename", func() error { return unix.Rename(by.Path, f.Path) })
	f.Path = "/proc/self/fd/" + strconv.Itoa(f.FD)
}

// Mapping is a shared writable mapping of the beginning of a file.
type Mapping struct {
	f *File
	m []byte
}

// Map maps the first n bytes of the file without touching them.
func (f *File) Map(n int) *Mapping {
	f.c.T.Helper()
	m, err := mapShared(f.FD, n, unix.PROT_READ|unix.PROT_WRITE)
	if errors.Is(err, unix.ENODEV) {
		f.c.Skip("mmap: ENODEV (this kind of file cannot be mapped shared)")
	}
	if err != nil {
		f.c.Infra("mmap: %s", ErrnoName(err))
	}
	f.c.T.Cleanup(func() { _ = unix.Munmap(m) })
	return &Mapping{f, m}
}

// Store overwrites the range with the next generation by CPU stores.
func (m *Mapping) Store(off int64, n int) {
	m.f.c.T.Helper()
	b := m.f.History.Write(off, n)
	m.f.mutate("store through a mapping", func() error { return storeMapped(m.m[off:], b) })
}

// Truncate sets the file's size.
func (f *File) Truncate(size int) {
	f.c.T.Helper()
	f.History.Truncate(size)
	f.mutate("ftruncate", func() error { return unix.Ftruncate(f.FD, int64(size)) })
}

// Punch punches a hole of n bytes at off.
func (f *File) Punch(off int64, n int) {
	f.c.T.Helper()
	f.fallocate(PunchHole, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	f.hole(off, n)
	f.History.Zero(off, n)
}

// Zero zeroes n bytes at off by FALLOC_FL_ZERO_RANGE.
func (f *File) Zero(off int64, n int) {
	f.c.T.Helper()
	f.fallocate(ZeroRange, unix.FALLOC_FL_ZERO_RANGE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	f.hole(off, n)
	f.History.Zero(off, n)
}

// WriteZeroes zeroes n bytes at off by FALLOC_FL_WRITE_ZEROES.
func (f *File) WriteZeroes(off int64, n int) {
	f.c.T.Helper()
	f.fallocate(WriteZeroes, fallocWriteZeroes, off, n)
	f.hole(off, n)
	f.History.Zero(off, n)
}

// Collapse removes n bytes at off from the file.
func (f *File) Collapse(off int64, n int) {
	f.c.T.Helper()
	f.fallocate(CollapseRange, unix.FALLOC_FL_COLLAPSE_RANGE, off, n)
	f.History.Collapse(off, n)
}

// Insert inserts a hole of n bytes at off.
func (f *File) Insert(off int64, n int) {
	f.c.T.Helper()
	f.fallocate(InsertRange, unix.FALLOC_FL_INSERT_RANGE, off, n)
	f.hole(off, n)
	f.History.Insert(off, n)
}

// hole records where the first hole was made, counted from the first spliced byte.
func (f *File) hole(off int64, n int) {
	if off < f.from {
		off, n = f.from, n-int(f.from-off)
	}
	if !f.holed && n > 0 {
		f.holed = true
		f.c.Attr("hole", fmt.Sprintf("%d+%d", off-f.from, n))
	}
}

func (f *File) fallocate(feature Feature, mode uint32, off int64, n int) {
	f.c.T.Helper()
	call := fmt.Sprintf("fallocate(%s)", feature)
	err := f.c.do(call, func() error { return unix.Fallocate(f.FD, mode, off, int64(n)) })
	switch {
	case err == nil:
	case errors.Is(err, unix.EOPNOTSUPP):
		f.c.Unsupported(feature, call, err)
	default:
		f.c.Failed(call, err)
	}
}

// DropCaches makes the kernel drop clean page cache, dentries and inodes.
func (c *Cell) DropCaches() {
	c.T.Helper()
	const path = "/proc/sys/vm/drop_caches"
	err := c.do("drop_caches", func() error { return os.WriteFile(path, []byte("3\n"), 0) })
	if errors.Is(err, os.ErrPermission) {
		c.Skip("%s: %v", path, err)
	}
	if err != nil {
		c.Infra("%v", err)
	}
}

// Sync writes the file back.
func (f *File) Sync() {
	f.c.T.Helper()
	f.mutate("fsync", func() error { return unix.Fsync(f.FD) })
}
