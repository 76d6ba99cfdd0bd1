package splice

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit"
)

// fds is a pipe without a model of its content: hundreds are created and discarded,
// some on a thread that cannot end a cell.
type fds struct{ r, w int }

func rawPipe() (fds, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return fds{-1, -1}, fmt.Errorf("pipe2: %w", err)
	}
	return fds{p[0], p[1]}, nil
}

func (p fds) close() {
	_ = unix.Close(p.w)
	_ = unix.Close(p.r)
}

// feeding puts some pages into an empty pipe.
type feeding func(p fds) error

// fileFeeds are the ways to get the beginning of a file into a pipe.
func fileFeeds(fd, n int) []feeding {
	return []feeding{
		func(p fds) error {
			off := int64(0)
			m, err := unix.Splice(fd, &off, p.w, nil, n, unix.SPLICE_F_NONBLOCK)
			return didMove("splice", int(m), err)
		},
		func(p fds) error {
			m, err := unix.Mmap(fd, 0, n, unix.PROT_READ, unix.MAP_SHARED)
			if err != nil {
				return fmt.Errorf("mmap: %w", err)
			}
			defer func() { _ = unix.Munmap(m) }()
			return vmspliceAll(p, m)
		},
	}
}

func vmspliceAll(p fds, m []byte) error {
	iov := unix.Iovec{Base: unsafe.SliceData(m)}
	iov.SetLen(len(m))
	n, err := unix.Vmsplice(p.w, []unix.Iovec{iov}, unix.SPLICE_F_NONBLOCK)
	return didMove("vmsplice", n, err)
}

// didMove returns the error of a call that moved n bytes; moving none is an error.
func didMove(call string, n int, err error) error {
	if err == nil && n <= 0 {
		return fmt.Errorf("%s moved nothing", call)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	return nil
}

// exits are the ways in which pages leave a pipe; the pipe's creator closes
// it.
var exits = []struct {
	name  string
	leave func(p fds) error
}{
	{"read", func(p fds) error {
		n, err := unix.Read(p.r, make([]byte, 1<<16))
		return didMove("read", n, err)
	}},
	{"read half a page", func(p fds) error {
		n, err := unix.Read(p.r, make([]byte, kit.PageSize/2))
		return didMove("read", n, err)
	}},
	{"close", func(fds) error { return nil }},
	{"splice to /dev/null", func(p fds) error {
		null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open /dev/null: %w", err)
		}
		defer func() { _ = unix.Close(null) }()
		n, err := unix.Splice(p.r, nil, null, nil, 1<<20, unix.SPLICE_F_NONBLOCK)
		return didMove("splice to /dev/null", int(n), err)
	}},
	{"tee", func(p fds) error {
		q, err := rawPipe()
		if err != nil {
			return err
		}
		defer q.close()
		n, err := unix.Tee(p.r, q.w, 1<<20, unix.SPLICE_F_NONBLOCK)
		return didMove("tee", int(n), err)
	}},
	{"splice to a pipe", func(p fds) error {
		q, err := rawPipe()
		if err != nil {
			return err
		}
		defer q.close()
		// Moving half a page splits the buffer: both pipes then reference the
		// page.
		n, err := unix.Splice(p.r, nil, q.w, nil, kit.PageSize+kit.PageSize/2, unix.SPLICE_F_NONBLOCK)
		return didMove("splice to a pipe", int(n), err)
	}},
	{"close a socket unread", func(p fds) error {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("socketpair: %w", err)
		}
		defer func() { _, _ = unix.Close(pair[0]), unix.Close(pair[1]) }()
		n, err := unix.Splice(p.r, nil, pair[0], nil, 1<<20, unix.SPLICE_F_NONBLOCK)
		return didMove("splice to a socket", int(n), err)
	}},
}

// churn combines each feeding with each exit, that many times.
func churn(rounds int, feeds []feeding) error {
	for range rounds {
		for _, feed := range feeds {
			for _, way := range exits {
				if err := once(feed, way.leave); err != nil {
					return fmt.Errorf("%s: %w", way.name, err)
				}
			}
		}
	}
	return nil
}

func once(feed feeding, leave func(p fds) error) error {
	p, err := rawPipe()
	if err != nil {
		return err
	}
	defer p.close()
	if err := feed(p); err != nil {
		return err
	}
	return leave(p)
}
