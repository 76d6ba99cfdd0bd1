package kit

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
)

// Pipe is a pipe and the file ranges that were spliced into it.
type Pipe struct {
	R, W int // file descriptors; -1 once closed

	c     *Cell
	segs  []Segment
	early []byte // drained early, because a mutation was blocked
}

// Pipe returns a new, empty pipe of the default size.
func (c *Cell) Pipe() *Pipe {
	c.T.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		c.Infra("pipe2: %s", ErrnoName(err))
	}
	p := &Pipe{R: fds[0], W: fds[1], c: c}
	c.T.Cleanup(func() { p.CloseRead(); p.CloseWrite() })
	c.pipes = append(c.pipes, p)
	c.Attr("pipe_size", strconv.Itoa(p.Capacity()))
	return p
}

// Capacity is the pipe's size in bytes.
func (p *Pipe) Capacity() int {
	n, err := unix.FcntlInt(uintptr(p.R), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		p.c.Infra("F_GETPIPE_SZ: %s", ErrnoName(err))
	}
	return n
}

// CloseRead closes the read end.
func (p *Pipe) CloseRead() { closeOnce(&p.R) }

// CloseWrite closes the write end.
func (p *Pipe) CloseWrite() { closeOnce(&p.W) }

func closeOnce(fd *int) {
	if *fd >= 0 {
		_ = unix.Close(*fd)
		*fd = -1
	}
}

// Splice moves the range of f into the pipe and ends the cell on failure. The
// range must fit.
func (p *Pipe) Splice(f *File, off int64, n int) {
	p.c.T.Helper()
	p.feed("splice", f, off, n, func(off *int64, n int) (int, error) {
		m, err := unix.Splice(f.spliceFD(), off, p.W, nil, n, 0)
		return int(m), err
	})
}

// Sendfile is Splice by sendfile(2).
func (p *Pipe) Sendfile(f *File, off int64, n int) {
	p.c.T.Helper()
	p.feed("sendfile", f, off, n, func(off *int64, n int) (int, error) {
		return unix.Sendfile(p.W, f.spliceFD(), off, n)
	})
}

func (p *Pipe) feed(call string, f *File, off int64, n int, step func(*int64, int) (int, error)) {
	p.c.T.Helper()
	f.History.Splice()
	if !f.fed {
		f.fed, f.from = true, off
	}
	for done := 0; done < n; {
		at := off + int64(done)
		m, err := step(&at, n-done)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			p.c.Failed(call, err)
		case m <= 0:
			p.c.Conclude(Finding{Outcome: outcome.Short,
				Detail: fmt.Sprintf("%s: 0 at offset %d of a file of %d bytes", call, at, f.History.Size())})
		}
		p.Spliced(off+int64(done), m)
		done += m
	}
}

// Spliced records that the test itself put a range of a file into the pipe.
func (p *Pipe) Spliced(off int64, n int) { p.segs = append(p.segs, Segment{off, n}) }

// Expected is the number of bytes put into the pipe so far.
func (p *Pipe) Expected() int {
	n := 0
	for _, s := range p.segs {
		n += s.Len
	}
	return n
}

// Readable is the number of bytes in the pipe according to FIONREAD.
func (p *Pipe) Readable() int {
	n, err := unix.IoctlGetInt(p.R, unix.TIOCINQ)
	if err != nil {
		p.c.Infra("FIONREAD: %s", ErrnoName(err))
	}
	return n
}

// Drain reads everything that is in the pipe without waiting for more.
func (p *Pipe) Drain() []byte { return p.c.Sample(p.drain()) }

// Take is Drain for bytes that reach the oracle by other means.
func (p *Pipe) Take() []byte { return p.drain() }

func (p *Pipe) drain() []byte {
	got, err := drain(p.R, p.limit())
	got = append(p.early, got...)
	p.early = nil
	if err != nil {
		p.c.Failed("read from the pipe", err)
	}
	return got
}

// Collect drains the pipe, keeps the data for the verdict and returns its
// length.
func (p *Pipe) Collect() int {
	before := len(p.early)
	p.early = p.drain()
	return len(p.early) - before
}

// limit bounds what Drain reads: slightly more than the pipe can legitimately
// contain.
func (p *Pipe) limit() int { return p.Expected() + 1<<20 }

func drain(fd, limit int) ([]byte, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	var got []byte
	buf := make([]byte, 64<<10)
	for len(got) < limit {
		n, err := unix.Read(fd, buf)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return got, nil
		case err != nil:
			return got, err
		case n == 0:
			return got, nil
		}
		got = append(got, buf[:n]...)
	}
	return got, nil
}
