package kit

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
)

// viewLen bounds how much of a file the three views compare, in bytes: more
// than any test splices.
var viewLen = 32 * PageSize

// view is one way to read a file: it fills b with the file's beginning.
type view struct {
	name string
	read func(f *File, b []byte) (int, error)
}

// errNoView reports that the filesystem does not support this view.
var errNoView = errors.New("no such view here")

// The order matters: the last one writes the file back.
var views = []view{
	{"read(2)", func(f *File, b []byte) (int, error) { return preadAll(f.FD, b) }},
	{"a fresh mapping", readShared},
	{"O_DIRECT", readDirect},
}

// Views reads the source through read(2), a fresh shared mapping and O_DIRECT.
// If one of them is not as expected, a consumer of the pipe has written to it.
func (f *File) Views() Finding {
	f.c.T.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(f.FD, &st); err != nil {
		f.c.Failed("fstat", err)
	}
	// fstat reports no size for a device.
	if st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size != int64(f.History.Size()) {
		return Finding{Outcome: outcome.ConsumerWrite,
			Detail: fmt.Sprintf("the source has %d bytes instead of %d", st.Size, f.History.Size())}
	}
	want := f.History.Content()
	want = want[:min(len(want), viewLen)]
	if len(want) == 0 {
		return Finding{Outcome: outcome.Snapshot}
	}
	for _, v := range views {
		got := make([]byte, len(want))
		n, err := v.read(f, got)
		if f.c.inject(FaultSource) {
			got[0] ^= 0xff
		}
		switch {
		case errors.Is(err, errNoView):
			continue
		case err != nil:
			return Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("the source by %s: %s", v.name, ErrnoName(err))}
		}
		if at, ok := same(got[:n], want); !ok {
			return Finding{Outcome: outcome.ConsumerWrite, Detail: fmt.Sprintf("the source by %s differs at %d: % x instead of % x",
				v.name, at, got[at:min(at+16, n)], want[at:min(at+16, len(want))])}
		}
	}
	return Finding{Outcome: outcome.Snapshot}
}

func readShared(f *File, b []byte) (int, error) {
	m, err := mapPopulated(f.FD, 0, len(b))
	if errors.Is(err, unix.ENODEV) {
		return 0, errNoView
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Munmap(m) }()
	got, err := readMapped(m)
	return copy(b, got), err
}

func readDirect(f *File, b []byte) (int, error) {
	fd, err := unix.Open(f.Path, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
			return 0, errNoView
		}
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	// A read-only filesystem has no fsync: EINVAL.
	if err := unix.Fdatasync(f.FD); err != nil && !errors.Is(err, unix.EINVAL) {
		return 0, err
	}
	// Whole pages: at EOF the kernel returns less.
	buf := f.c.aligned(wholePages(len(b)))
	n, err := preadAll(fd, buf)
	if errors.Is(err, unix.EINVAL) && n > 0 {
		err = nil // from continuing at an unaligned EOF
	}
	return copy(b, buf[:min(n, len(b))]), err
}
