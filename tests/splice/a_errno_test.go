package splice

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var errnos = kit.Test{
	Name: "TestErrnos", ID: "A8", Family: familyAccounting, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Invalid calls fail with the errno that the manual pages document.",
	Steps: []string{
		"Make the call that the cell is named after.",
		"Compare its errno with the one documented in splice(2), tee(2), sendfile(2) or copy_file_range(2).",
	},
	Oracle: "the documented errno is recorded as snapshot, any other as error; success is an error under every policy",
	Known:  []string{"all as documented on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Fault:  kit.FaultObservation,
	Cells: kit.Named("append-target", "same-pipe", "no-pipe", "directory", "offset-of-source-pipe", "offset-of-target-pipe",
		"not-readable", "not-writable", "closed", "tee-same-pipe", "tee-file", "sendfile-append", "copy-append", "hugetlbfs"),
}

func TestErrnos(t *testing.T) {
	kit.Run(t, errnos, func(c *kit.Cell) {
		f := c.File()
		p, empty := f.Splice(), c.Pipe()
		open := func(path string, flags int) int {
			fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
			if err != nil {
				c.Infra("open %s: %s", path, kit.ErrnoName(err))
			}
			c.T.Cleanup(func() { _ = unix.Close(fd) })
			return fd
		}
		move := func(in int, inOff *int64, out int, outOff *int64) error {
			return c.Bounded("splice", func() error {
				return result(unix.Splice(in, inOff, out, outOff, 100, unix.SPLICE_F_NONBLOCK))
			})
		}
		var want syscall.Errno
		var err error
		switch c.Shape.Variant {
		case "append-target":
			want, err = unix.EINVAL, move(p.R, nil, open(f.Path, unix.O_WRONLY|unix.O_APPEND), nil)
		case "same-pipe":
			want, err = unix.EINVAL, move(p.R, nil, p.W, nil)
		case "no-pipe":
			want, err = unix.EINVAL, move(f.FD, nil, newTarget(c, 0).fd, nil)
		case "directory":
			want, err = unix.EINVAL, move(open(c.Dir(), unix.O_RDONLY|unix.O_DIRECTORY), nil, empty.W, nil)
		case "offset-of-source-pipe":
			want, err = unix.ESPIPE, move(p.R, new(int64), f.FD, nil)
		case "offset-of-target-pipe":
			want, err = unix.ESPIPE, move(f.FD, nil, empty.W, new(int64))
		case "not-readable":
			want, err = unix.EBADF, move(open(f.Path, unix.O_WRONLY), nil, empty.W, nil)
		case "not-writable":
			want, err = unix.EBADF, move(p.R, nil, open(f.Path, unix.O_RDONLY), nil)
		case "closed":
			want, err = unix.EBADF, move(-1, nil, empty.W, nil)
		case "tee-same-pipe":
			want, err = unix.EINVAL, result(unix.Tee(p.R, p.W, 100, unix.SPLICE_F_NONBLOCK))
		case "tee-file":
			want, err = unix.EINVAL, result(unix.Tee(f.FD, empty.W, 100, unix.SPLICE_F_NONBLOCK))
		case "sendfile-append":
			want = unix.EINVAL
			_, err = unix.Sendfile(open(f.Path, unix.O_WRONLY|unix.O_APPEND), f.FD, new(int64), 100)
		case "hugetlbfs":
			huge, _ := source.HugetlbOf(c)
			want, err = unix.EINVAL, move(huge.FD, new(int64), empty.W, nil)
		case "copy-append":
			want = unix.EBADF
			_, err = unix.CopyFileRange(f.FD, new(int64), open(newTarget(c, 0).path, unix.O_WRONLY|unix.O_APPEND), new(int64), 100, 0)
		}
		switch err := c.SawError(err); {
		case err == nil:
			c.Record(kit.Finding{Outcome: outcome.Error, Never: true, Detail: fmt.Sprintf("no error instead of %s", kit.ErrnoName(want))})
		case !errors.Is(err, want):
			c.Record(kit.Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("%s instead of %s", kit.ErrnoName(err), kit.ErrnoName(want))})
		default:
			c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: kit.ErrnoName(want) + ", as documented"})
		}
	})
}
