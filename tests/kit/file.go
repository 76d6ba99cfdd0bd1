package kit

import (
	"bytes"
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// File is a scratch file on the filesystem under test with the history of its
// content. Its methods change both, and end the cell on failure.
type File struct {
	FD      int // open for reading and writing; -1 when closed
	Path    string
	History *History

	// SpliceFD, unless it is 0, is the descriptor of the same file to splice from,
	// for a source that is read and written through different descriptors.
	SpliceFD int

	c     *Cell
	fed   bool  // part of it has been spliced
	from  int64 // where from, first
	holed bool  // see hole
}

// spliceFD is the descriptor to splice from.
func (f *File) spliceFD() int {
	if f.SpliceFD != 0 {
		return f.SpliceFD
	}
	return f.FD
}

// File returns a new file of the cell's shape.
func (c *Cell) File() *File {
	c.T.Helper()
	if !c.Shape.Readahead {
		return c.FileOf(c.Shape.Size, c.Shape.Chunk, c.Shape.Dirty)
	}
	if c.FS.Type == "tmpfs" {
		c.Skip("tmpfs has no backing store to read ahead from")
	}
	f := c.FileOf(c.Shape.Size, c.Shape.Chunk, false)
	f.ReadAhead()
	return f
}

// ReadAhead evicts the file, which must be clean, from the page cache and has
// readahead bring it in again: in the largest possible folios for a MADV_HUGEPAGE
// mapping, then by sequential reads. Pages that could not be evicted are
// unchanged, as the covariate "evicted" reports.
func (f *File) ReadAhead() {
	f.c.T.Helper()
	if err := unix.Fadvise(f.FD, 0, 0, unix.FADV_DONTNEED); err != nil {
		f.c.Infra("posix_fadvise: %s", ErrnoName(err))
	}
	size := f.History.Size()
	switch n := ResidentPages(f.FD, size); n {
	case -1:
		f.c.Attr("evicted", "")
	case 0:
		f.c.Attr("evicted", "yes")
	default:
		f.c.Attr("evicted", "no: "+strconv.Itoa(n)+" pages stayed")
	}
	m, err := mapShared(f.FD, size, unix.PROT_READ)
	if err != nil {
		f.c.Infra("mmap: %s", ErrnoName(err))
	}
	// A kernel without huge pages refuses and uses its default readahead.
	_ = unix.Madvise(m, unix.MADV_HUGEPAGE)
	_, err = readMapped(m[:1])
	_ = unix.Munmap(m)
	if err != nil {
		f.c.Infra("%v", err)
	}
	b := make([]byte, min(size, viewLen))
	if n, err := preadAll(f.FD, b); err != nil || n != len(b) {
		f.c.Infra("read the scratch file: %d of %d bytes, %v", n, len(b), err)
	}
}

// FileOf returns a new file of size bytes, created by writes of chunk bytes, and
// written back unless dirty is set.
func (c *Cell) FileOf(size, chunk int, dirty bool) *File {
	c.T.Helper()
	tmp, err := os.CreateTemp(c.dir, "cell-*")
	if err != nil {
		c.Infra("create a scratch file: %v", err)
	}
	path := tmp.Name()
	fd, err := unix.FcntlInt(tmp.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	_ = tmp.Close()
	if err != nil {
		c.Infra("duplicate a descriptor: %s", ErrnoName(err))
	}
	f := c.Adopt(fd, path, size)
	c.T.Cleanup(func() { _ = os.Remove(path) })
	f.Fill(chunk, dirty)
	return f
}

// Adopt makes a File from a descriptor opened for reading and writing, of an
// object of at least size bytes: a memfd, a device, a file on another filesystem.
// path is used to reopen it. The intended content is in its History; Fill writes
// it. The descriptor is closed when the cell ends.
func (c *Cell) Adopt(fd int, path string, size int) *File {
	c.files++
	f := &File{FD: fd, Path: path, c: c, History: NewHistory(c.nonce, c.files, size)}
	c.T.Cleanup(f.Close)
	return f
}

// Fill writes the file's content by writes of chunk bytes, and writes it back
// unless dirty is set.
func (f *File) Fill(chunk int, dirty bool) {
	f.c.T.Helper()
	content := f.History.Content()
	for off := 0; off < len(content); off += chunk {
		if err := pwriteAll(f.FD, content[off:min(off+chunk, len(content))], int64(off)); err != nil {
			f.c.Infra("write the scratch file: %s", ErrnoName(err))
		}
	}
	if !dirty {
		if err := unix.Fsync(f.FD); err != nil {
			f.c.Infra("fsync the scratch file: %s", ErrnoName(err))
		}
	}
}

// Reopen opens a closed file again by name.
func (f *File) Reopen() {
	f.c.T.Helper()
	fd, err := unix.Open(f.Path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		f.c.Failed("reopen the source", err)
	}
	f.FD = fd
}

// Close closes the file; its name stays until the cell ends.
func (f *File) Close() { closeOnce(&f.FD) }

var errShortWrite = errors.New("short write")

func pwriteAll(fd int, b []byte, off int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, off)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case n == 0:
			return errShortWrite
		}
		b, off = b[n:], off+int64(n)
	}
	return nil
}

// preadAll reads the beginning of a file.
func preadAll(fd int, b []byte) (int, error) {
	done := 0
	for done < len(b) {
		n, err := unix.Pread(fd, b[done:], int64(done))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return done, err
		case n == 0:
			return done, nil
		}
		done += n
	}
	return done, nil
}

// Splice records the file's covariates, splices its first bytes (the cell's Span)
// into a new pipe, and returns the pipe.
func (f *File) Splice() *Pipe {
	f.c.T.Helper()
	return f.feed((*Pipe).Splice)
}

// Sendfile is Splice by sendfile(2).
func (f *File) Sendfile() *Pipe {
	f.c.T.Helper()
	return f.feed((*Pipe).Sendfile)
}

func (f *File) feed(feed func(*Pipe, *File, int64, int)) *Pipe {
	f.c.T.Helper()
	p := f.c.Pipe()
	f.Observe(0)
	feed(p, f, 0, f.c.Shape.Span)
	f.c.Attr("resident", f.resident(0))
	return p
}

// Observe records the covariates of the page at off: the order of its folio and
// whether it is dirty.
func (f *File) Observe(off int64) {
	order, dirty := "", ""
	if info, ok := f.page(off); ok {
		order = strconv.Itoa(info.order)
		dirty = yesNo(info.dirty)
	} else {
		dirty = yesNo(f.c.Shape.Dirty)
	}
	f.c.Attr("folio_order", order)
	f.c.Attr("dirty", dirty)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// same reports whether got is the expected content at off, and the first
// difference.
func same(got, want []byte) (int, bool) {
	if bytes.Equal(got, want) {
		return 0, true
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return i, false
		}
	}
	return min(len(got), len(want)), false
}
