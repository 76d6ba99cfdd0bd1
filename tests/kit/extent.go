package kit

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// PlainFallocate is fallocate(2) with mode 0: it extends a file.
const PlainFallocate Feature = "fallocate"

// StoreBeyondEOF stores bytes that are in no pattern from EOF to the end of the
// last page. They are not part of the file, and thus not of its history: a reader
// that receives one has received a foreign byte.
func (m *Mapping) StoreBeyondEOF() {
	m.f.c.T.Helper()
	tail := m.tail()
	poison := make([]byte, len(tail))
	for i := range poison {
		poison[i] = "beyond the EOF. "[i%16]
	}
	m.f.mutate("store beyond EOF", func() error { return storeMapped(tail, poison) })
}

// tail is the part of the mapping from EOF to the end of that page.
func (m *Mapping) tail() []byte {
	m.f.c.T.Helper()
	size := m.f.History.Size()
	end := wholePages(size)
	if size == end || end > len(m.m) {
		m.f.c.Infra("a mapping of %d bytes has no page that contains the EOF of a file of %d bytes", len(m.m), size)
	}
	return m.m[size:end]
}

// FallocateTo extends the file to size by fallocate(2): the extended range is
// zero.
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

// WriteBackAndDrop writes the file back and drops its pages from the page
// cache, except referenced ones; a filesystem without backing store keeps them
// all. It needs no privilege and does not affect other files.
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
