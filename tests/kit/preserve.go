package kit

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Features of operations that do not change a file's content.
const (
	Dedupe      Feature = "FIDEDUPERANGE"
	Reflink     Feature = "FICLONE"
	Unshare     Feature = "FALLOC_FL_UNSHARE_RANGE"
	Preallocate Feature = "fallocate"
	Freeze      Feature = "FIFREEZE"
	MoveExtent  Feature = "EXT4_IOC_MOVE_EXT"
	SwapExtent  Feature = "XFS_IOC_SWAPEXT"
	Resize      Feature = "online resize"
)

// Operate performs an operation that does not change the file's content. If the
// kernel or filesystem lacks it, the cell is skipped, or fails if it is required
// there; any other errno is recorded.
func (f *File) Operate(feature Feature, call string, op func() error) {
	f.c.T.Helper()
	err := f.c.do(call, op)
	switch {
	case err == nil:
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOTTY), errors.Is(err, unix.ENOSYS):
		f.c.Unsupported(feature, call, err)
	default:
		f.c.Failed(call, err)
	}
}

// Twin writes the current content of the file into another file, which is
// written back, and returns its descriptor. The twin has no history and is
// removed when the cell ends.
func (f *File) Twin() int {
	f.c.T.Helper()
	fd := f.c.Bystander(0)
	if err := pwriteAll(fd, f.History.Content(), 0); err != nil {
		f.c.Infra("write a twin of the scratch file: %s", ErrnoName(err))
	}
	if err := unix.Fsync(fd); err != nil {
		f.c.Infra("fsync the twin: %s", ErrnoName(err))
	}
	return fd
}

// Bystander is a reference file of size bytes, without the pattern: it shows
// what happens to a file that is not in any pipe.
func (c *Cell) Bystander(size int) int {
	c.T.Helper()
	tmp, err := os.CreateTemp(c.dir, "bystander-*")
	if err != nil {
		c.Infra("create a bystander: %v", err)
	}
	path := tmp.Name()
	c.T.Cleanup(func() { _ = os.Remove(path) })
	fd, err := unix.FcntlInt(tmp.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	_ = tmp.Close()
	if err != nil {
		c.Infra("duplicate a descriptor: %s", ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(fd) })
	b := make([]byte, size)
	for i := range b {
		b[i] = 0x55
	}
	if err := pwriteAll(fd, b, 0); err != nil {
		c.Infra("write a bystander: %s", ErrnoName(err))
	}
	return fd
}

// Dirty returns whether the page that caches off is dirty: "yes", "no", or "" if
// unknown.
func (f *File) Dirty(off int64) string {
	if info, ok := f.page(off); ok {
		return yesNo(info.dirty)
	}
	return ""
}

// ResidentPages is the number of pages of the first size bytes of a file in the
// page cache, without reading any; -1 if unknown.
func ResidentPages(fd, size int) int {
	m, err := mapShared(fd, size, unix.PROT_READ)
	if err != nil {
		return -1
	}
	defer func() { _ = unix.Munmap(m) }()
	vec := make([]byte, wholePages(size)/PageSize)
	if err := mincore(m, vec); err != nil {
		return -1
	}
	n := 0
	for _, v := range vec {
		n += int(v & 1)
	}
	return n
}
