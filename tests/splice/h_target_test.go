package splice

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

// target is a file written by splice and similar calls: the reader of a file sink.
// It has no history, since its content comes from another file.
type target struct {
	c    *kit.Cell
	fd   int
	path string
}

// newTarget returns a new, empty file on the filesystem under test, opened with
// flags in addition to O_RDWR.
func newTarget(c *kit.Cell, flags int) *target {
	tmp, err := os.CreateTemp(c.Dir(), "target-*")
	if err != nil {
		c.Infra("create the target: %v", err)
	}
	t := &target{c: c, path: tmp.Name()}
	_ = tmp.Close()
	c.T.Cleanup(func() { _ = os.Remove(t.path) })
	t.fd, err = unix.Open(t.path, unix.O_RDWR|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		if flags&unix.O_DIRECT != 0 && (errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP)) {
			c.Unsupported(kit.DirectIO, "open with O_DIRECT", err)
		}
		c.Infra("open the target: %s", kit.ErrnoName(err))
	}
	c.T.Cleanup(func() { _ = unix.Close(t.fd) })
	return t
}

// size is the target's length in bytes.
func (t *target) size() int64 {
	var st unix.Stat_t
	if err := unix.Fstat(t.fd, &st); err != nil {
		t.c.Infra("fstat: %s", kit.ErrnoName(err))
	}
	return st.Size
}

// length is the target's size if that is between 0 and n, else n: a splice may
// stop short.
func (t *target) length(n int) int {
	if size := int(t.size()); size > 0 && size < n {
		return size
	}
	return n
}

// read returns the range of the target by read(2), up to EOF.
func (t *target) read(off int64, n int) ([]byte, error) {
	fd, err := unix.Open(t.path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	b := make([]byte, n)
	for done := 0; done < n; {
		m, err := unix.Pread(fd, b[done:], off+int64(done))
		if err != nil || m == 0 {
			return b[:done], err
		}
		done += m
	}
	return b, nil
}

// evict writes the target back and drops its pages, so that the next read is
// from the disk, if there is one.
func (t *target) evict() error {
	if err := unix.Fsync(t.fd); err != nil {
		return err
	}
	return unix.Fadvise(t.fd, 0, 0, unix.FADV_DONTNEED)
}

// finding classifies what the target received of f, in ranges with the same offsets
// in both. It reads the target twice: from the page cache, and from the disk.
func (t *target) finding(f *kit.File, ranges []kit.Segment) kit.Finding {
	t.c.T.Helper()
	first := t.look(f, ranges, 0)
	if err := t.evict(); err != nil {
		return first.Worse(kit.Finding{Outcome: outcome.Error, Detail: "write the target back: " + kit.ErrnoName(err)})
	}
	second := t.look(f, ranges, 0)
	if second.Outcome != first.Outcome || second.Detail != first.Detail {
		second.Detail = "read back from the disk: " + second.Detail
	}
	return first.Worse(second)
}

// look is one of the two reads. Data at offset o of f is at o+shift.
func (t *target) look(f *kit.File, ranges []kit.Segment, shift int64) kit.Finding {
	t.c.T.Helper()
	return t.lookAt(f.History, ranges, shift)
}

// lookAt is look for a given history.
func (t *target) lookAt(h *kit.History, ranges []kit.Segment, shift int64) kit.Finding {
	t.c.T.Helper()
	var got []byte
	for _, r := range ranges {
		b, err := t.read(r.Off+shift, r.Len)
		if err != nil {
			return kit.Finding{Outcome: outcome.Dropped, Never: true,
				Detail: fmt.Sprintf("read of the target at %d: %s", r.Off+shift, kit.ErrnoName(err))}
		}
		got = append(got, b...)
	}
	return h.Classify(ranges, t.c.Sample(got), nil)
}
