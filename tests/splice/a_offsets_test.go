package splice

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var offsets = kit.Test{
	Name: "TestOffsets", ID: "A3", Family: familyAccounting, Kind: outcome.Invariant,
	Doc: "splice and sendfile advance the offset that they use, the explicit one or the file position, by exactly their return value, and leave the other one alone; this also holds for short counts, at EOF or when the pipe fills up.",
	Steps: []string{
		"Set the file position and the explicit offset to different values.",
		"Move unaligned lengths from file to pipe, or from pipe to file, by splice or sendfile.",
		"After each call, compare both offsets with the return value.",
		"Compare the data moved with the file at the requested offsets.",
	},
	Oracle: "the explicit offset and lseek(SEEK_CUR) are exactly their old values, plus the return value for the one that the call used; the data is that of the range",
	Fault:  kit.FaultObservation,
	Known:  []string{"exact on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells: kit.Named("splice-own", "splice-explicit", "sendfile-own", "sendfile-explicit",
		"to-file-own", "to-file-explicit"),
}

func TestOffsets(t *testing.T) {
	kit.Run(t, offsets, func(c *kit.Cell) {
		switch c.Shape.Variant {
		case "to-file-own", "to-file-explicit":
			offsetsToFile(c, c.Shape.Variant == "to-file-explicit")
		case "sendfile-own", "sendfile-explicit":
			offsetsFromFile(c, c.Shape.Variant == "sendfile-explicit", unix.Sendfile)
		default:
			offsetsFromFile(c, c.Shape.Variant == "splice-explicit", spliceLikeSendfile)
		}
	})
}

// mover moves up to n bytes from in to out as sendfile(2) does: from *off, or
// from the file position if off is nil.
type mover func(out, in int, off *int64, n int) (int, error)

// spliceLikeSendfile is splice(2) with sendfile's arguments. It does not block, but
// moves only what fits.
func spliceLikeSendfile(out, in int, off *int64, n int) (int, error) {
	m, err := unix.Splice(in, off, out, nil, n, unix.SPLICE_F_NONBLOCK)
	return int(m), err
}

// oddRange is an unaligned offset and length.
type oddRange struct {
	off int64
	n   int
}

// oddRanges returns such ranges. The last ones end beyond a file of kit.LargeLen
// bytes; together the others exceed a pipe's capacity.
func oddRanges() []oddRange {
	page, end := kit.PageSize, int64(kit.LargeLen)
	return []oddRange{{1, 1}, {63, page}, {int64(page - 1), 2}, {513, 3*page + 1}, {int64(5*page + 1), 8*page - 1}, {100, page + 1},
		{end - 100, page}, {end, page}}
}

func offsetsFromFile(c *kit.Cell, explicit bool, move mover) {
	f := c.File()
	f.Observe(0)
	f.History.Splice()
	p := c.Pipe()
	nonblocking(c, p.W) // for sendfile, which takes no flags
	for _, r := range oddRanges() {
		own, given, arg := startOffsets(c, f.FD, r.off, explicit)
		var m int
		err := c.Bounded("the call", func() (err error) { m, err = move(p.W, f.FD, arg, r.n); return err })
		full := errors.Is(err, unix.EAGAIN)
		if err != nil && !full {
			c.Failed(fmt.Sprintf("moving %d bytes at %d", r.n, r.off), err)
		}
		if full {
			m = 0
		}
		p.Spliced(r.off, m)
		checkOffsets(c, f.FD, own, given, arg, m)
		if full || m < r.n { // the pipe is full, or EOF was reached: draining the pipe helps in both cases
			p.Collect()
		}
	}
	p.Judge(f)
}

// startOffsets sets the offset that the call should use to off, and the other one
// to a different value. own and given are their values; arg is passed to the call.
func startOffsets(c *kit.Cell, fd int, off int64, explicit bool) (own, given int64, arg *int64) {
	own, given = off, -1
	if explicit {
		own, given = 777, off
		at := off
		arg = &at
	}
	if at, err := unix.Seek(fd, own, unix.SEEK_SET); err != nil || at != own {
		c.Infra("lseek to %d: %d, %v", own, at, err)
	}
	return own, given, arg
}

// checkOffsets ends the cell unless the offset that a call used advanced by m.
func checkOffsets(c *kit.Cell, fd int, own, given int64, arg *int64, m int) {
	what := "the file position should have moved"
	if arg != nil {
		given, what = given+int64(m), "the explicit offset should have moved"
		if at := c.Saw(*arg); at != given {
			c.Conclude(kit.Finding{Outcome: outcome.Moved, Detail: fmt.Sprintf(
				"the call returned %d, and the explicit offset is %d instead of %d", m, at, given)})
		}
	} else {
		own += int64(m)
	}
	if at := c.Saw(position(c, fd)); at != own {
		c.Conclude(kit.Finding{Outcome: outcome.Moved, Detail: fmt.Sprintf(
			"the call returned %d, %s, and the file position is %d instead of %d", m, what, at, own)})
	}
}

// position is the file position of fd.
func position(c *kit.Cell, fd int) int64 {
	at, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		c.Infra("lseek: %s", kit.ErrnoName(err))
	}
	return at
}

func nonblocking(c *kit.Cell, fd int) {
	if err := unix.SetNonblock(fd, true); err != nil {
		c.Infra("O_NONBLOCK: %s", kit.ErrnoName(err))
	}
}

// offsetsToFile splices ranges of one file through a pipe to the same ranges of
// another, so that misplaced data is recognisable.
func offsetsToFile(c *kit.Cell, explicit bool) {
	f, to := c.File(), newTarget(c, 0)
	f.Observe(0)
	p := c.Pipe()
	var ranges []kit.Segment
	odd := oddRanges()
	for _, r := range odd[:len(odd)-2] {
		p.Splice(f, r.off, r.n)
		for done := 0; done < r.n; {
			off := r.off + int64(done)
			own, given, arg := startOffsets(c, to.fd, off, explicit)
			m, err := unix.Splice(p.R, nil, to.fd, arg, r.n-done, 0)
			if err != nil {
				c.Failed(fmt.Sprintf("splice of %d bytes to offset %d", r.n-done, off), err)
			}
			if m <= 0 {
				c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice of %d bytes to a file returned %d", r.n-done, m)})
			}
			checkOffsets(c, to.fd, own, given, arg, int(m))
			done += int(m)
		}
		ranges = append(ranges, kit.Segment{Off: r.off, Len: r.n})
	}
	c.Record(to.finding(f, ranges).Worse(f.Views()))
}
