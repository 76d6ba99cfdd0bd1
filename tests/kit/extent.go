package kit

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// PlainFallocate is fallocate(2) without a mode: it extends a file.
const PlainFallocate Feature = "fallocate"

// StoreBehind stores bytes of no pattern from the end of the file to the end
// of the page in which it ends. They are not part of the file and therefore
// not of its history: whoever receives one received a foreign byte.
func (m *Mapping) StoreBehind() {
	m.f.c.T.Helper()
	behind := m.behind()
	poison := make([]byte, len(behind))
	for i := range poison {
		poison[i] = "behind the end. "[i%16]
	}
	m.f.mutate("store behind the end", func() error { return storeMapped(behind, poison) })
}

// behind is the part of the mapping from the end of the file to the end of
// that page.
func (m *Mapping) behind() []byte {
	m.f.c.T.Helper()
	size := m.f.History.Size()
	end := (size + PageSize - 1) / PageSize * PageSize
	if size == end || end > len(m.m) {
		m.f.c.Infra("a mapping of %d bytes has no page in which a file of %d bytes ends", len(m.m), size)
	}
	return m.m[size:end]
}

// FallocateTo extends the file to size by fallocate(2): what is added is zero.
func (f *File) FallocateTo(size int) {
	f.c.T.Helper()
	from := f.History.Size()
	call := fmt.Sprintf("fallocate(0, %d, %d)", from, size-from)
	err := f.c.do(call, func() error { return unix.Fallocate(f.FD, 0, int64(from), int64(size-from)) })
	switch {
	case err == nil:
	case errors.Is(err, unix.EOPNOTSUPP):
		f.c.Unsupported(PlainFallocate, call, err)
	default:
		f.c.Failed(call, err)
	}
	f.History.Truncate(size)
}

// WriteBackAndDrop writes the file back and drops its pages from the page cache, those
// aside that somebody holds; a filesystem without a disk keeps them all. It
// needs no privilege and leaves other files alone.
func (f *File) WriteBackAndDrop() {
	f.c.T.Helper()
	f.Sync()
	if err := dropPages(f.FD); err != nil {
		f.c.Infra("posix_fadvise(POSIX_FADV_DONTNEED): %s", ErrnoName(err))
	}
}

func dropPages(fd int) error {
	if err := unix.Fsync(fd); err != nil {
		return err
	}
	return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
}
