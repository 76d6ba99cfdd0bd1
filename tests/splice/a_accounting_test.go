package splice

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyAccounting = "A accounting"

var accounting = []kit.Test{
	countExact, endOfFile, offsets, failedOffset, partialSendfile, teeCopies, pipeToPipe, errnos, deviceSource, notified, fullPipe, sharedPosition,
}

var countExact = kit.Test{
	Name: "TestCountExact", ID: "A1", Family: familyAccounting, Kind: outcome.Invariant,
	Known: []string{"exact on 5.10 and 6.12 on tmpfs, ext4, xfs and btrfs"},
	Doc:   "For lengths from 1 to the pipe's capacity, at unaligned offsets, splice returns exactly the number of bytes that can then be read.",
	Steps: []string{
		"Splice a length into an empty pipe, at an offset that is not page-aligned.",
		"Compare the return value with FIONREAD and with the number of bytes read.",
		"Repeat with lengths and offsets that start and end everywhere in a page.",
	},
	Cells: kit.Sweep(),
}

func TestCountExact(t *testing.T) {
	kit.Run(t, countExact, func(c *kit.Cell) {
		f := c.File()
		f.Observe(0)
		f.History.Splice()
		p := c.Pipe()
		page := kit.PageSize
		for _, r := range []struct {
			off int64
			n   int
		}{{1, 1}, {63, page}, {513, 3*page + 1}, {int64(page - 1), 1}, {int64(page - 1), 2}, {int64(page - 1), page + 1}, {int64(5*page + 1), 8*page - 1}, {1, p.Capacity() - 1}, {513, p.Capacity()}} {
			if r.off < int64(c.Shape.Size) {
				spliceOnce(c, f, p, r.off, r.n, min(r.n, c.Shape.Size-int(r.off)))
			}
		}
		p.Judge(f)
	})
}

// spliceOnce splices up to n bytes into the empty pipe and compares the return
// value with the pipe's content. most is the number of bytes available.
func spliceOnce(c *kit.Cell, f *kit.File, p *kit.Pipe, off int64, n, most int) {
	at := off
	m, err := unix.Splice(f.FD, &at, p.W, nil, n, 0)
	if err != nil {
		c.Failed(fmt.Sprintf("splice of %d bytes at %d", n, off), err)
	}
	count := int(m)
	p.Spliced(off, count)
	what := fmt.Sprintf("splice of %d bytes at %d of %d returned %d", n, off, c.Shape.Size, count)
	readable := p.Readable()
	got := p.Collect()
	switch {
	case got < count || readable < count:
		c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("%s, FIONREAD %d, read %d", what, readable, got)})
	case got > count || readable > count || count > most:
		c.Conclude(kit.Finding{Outcome: outcome.Extra, Detail: fmt.Sprintf("%s, FIONREAD %d, read %d", what, readable, got)})
	case count == 0 && most > 0:
		c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: what})
	}
}

// unaligned makes the sweep's files end inside a page.
func unaligned(shapes []kit.Shape) []kit.Shape {
	for i := range shapes {
		shapes[i].Size -= 1096
	}
	return shapes
}

var endOfFile = kit.Test{
	Name: "TestEndOfFile", ID: "A2", Family: familyAccounting, Kind: outcome.Invariant,
	Doc: "At EOF, splice returns a short count, then 0, and never delivers a byte from beyond EOF.",
	Steps: []string{
		"Splice from shortly before EOF of a file that ends inside a page, asking for more than there is.",
		"Splice at EOF and beyond it: the count must be 0.",
	},
	Known: []string{"short, then 0, on 5.10 and 6.12 on tmpfs, ext4, xfs and btrfs"},
	Cells: unaligned(kit.Sweep()),
}

func TestEndOfFile(t *testing.T) {
	kit.Run(t, endOfFile, func(c *kit.Cell) {
		f := c.File()
		f.Observe(0)
		f.History.Splice()
		p := c.Pipe()
		size := int64(c.Shape.Size)
		spliceOnce(c, f, p, size-1, kit.PageSize, 1)
		spliceOnce(c, f, p, size-513, p.Capacity(), 513)
		for _, off := range []int64{size, size + 1, size + int64(kit.PageSize)} {
			spliceOnce(c, f, p, off, kit.PageSize, 0)
		}
		p.Judge(f)
	})
}

var failedOffset = kit.Test{
	Name: "TestFailedSpliceOffset", ID: "A4", Family: familyAccounting, Kind: outcome.Invariant,
	Doc: "A splice that blocks on a full pipe and fails with EPIPE leaves the file offset where a concurrent lseek put it.",
	Steps: []string{
		"Fill a pipe, and block a thread in a splice to it that uses the file's own offset.",
		"Once it sleeps, lseek elsewhere, and close the read end.",
		"The splice must fail with EPIPE, and the offset must be the one set by lseek.",
	},
	Oracle: "the offset is the one set by lseek: the splice moved nothing",
	Fault:  kit.FaultObservation,
}

func TestFailedSpliceOffset(t *testing.T) {
	kit.Run(t, failedOffset, func(c *kit.Cell) {
		f := c.File()
		p := c.Pipe()
		p.Splice(f, 0, p.Capacity())
		before, moved := int64(kit.PageSize), int64(5*kit.PageSize)
		seek(c, f, before)
		thread := c.Start(func() error {
			_, err := unix.Splice(f.FD, nil, p.W, nil, kit.PageSize, 0)
			return err
		})
		c.AwaitBlocked(thread, unix.SYS_SPLICE)
		seek(c, f, moved)
		p.CloseRead()
		if err := thread.Wait(); !errors.Is(err, unix.EPIPE) {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("splice to a pipe without a reader: %v instead of EPIPE", err)})
		}
		if at := c.Saw(position(c, f.FD)); at != moved {
			c.Conclude(kit.Finding{Outcome: outcome.Moved, Detail: fmt.Sprintf(
				"the failed splice moved the file offset from %d, where lseek had set it, to %d: the next read starts at the wrong place", moved, at)})
		}
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("the file offset is still %d", moved)})
	})
}

func seek(c *kit.Cell, f *kit.File, off int64) {
	if at, err := unix.Seek(f.FD, off, unix.SEEK_SET); err != nil || at != off {
		c.Infra("lseek to %d: %d, %v", off, at, err)
	}
}
