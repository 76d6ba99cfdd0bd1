package splice

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var teeCopies = kit.Test{
	Name: "TestTeeCopies", ID: "A6", Family: familyAccounting, Kind: outcome.Invariant,
	Doc: "tee duplicates a pipe's content byte for byte without consuming it: all of it, a part that ends inside a page, and a copy of the copy.",
	Steps: []string{
		"Splice a file into a pipe.",
		"tee it into a second pipe, and in the cell chain from there into a third.",
		"Drain all pipes: each must contain the bytes of the file.",
	},
	Known: []string{"equal on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells: kit.Named("whole", "part", "chain"),
}

func TestTeeCopies(t *testing.T) {
	kit.Run(t, teeCopies, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		n := c.Shape.Span
		if c.Shape.Variant == "part" {
			n = kit.PageSize + 905 // it ends inside the second page
		}
		q := teeExactly(c, p, n)
		found := kit.Finding{Outcome: outcome.Snapshot}
		if c.Shape.Variant == "chain" {
			found = teeExactly(c, q, n).Finding(f)
		}
		c.Record(p.Finding(f).Worse(q.Finding(f)).Worse(found).Worse(f.Views()))
	})
}

// teeExactly tees the first n bytes of p, which are a file's first n bytes, into a
// new pipe.
func teeExactly(c *kit.Cell, p *kit.Pipe, n int) *kit.Pipe {
	q := c.Pipe()
	m, err := unix.Tee(p.R, q.W, n, unix.SPLICE_F_NONBLOCK)
	if err != nil {
		c.Failed("tee", err)
	}
	if int(m) != n {
		c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("tee of %d bytes into an empty pipe returned %d", n, m)})
	}
	q.Spliced(0, n)
	return q
}

var pipeToPipe = kit.Test{
	Name: "TestPipeToPipe", ID: "A7", Family: familyAccounting, Kind: outcome.Invariant, Priority: 1,
	Doc: "Spliced buffers keep their order and content when they are moved to another pipe in unaligned parts, and when a pipe whose ring has wrapped is resized: larger, smaller, or too small, which is refused.",
	Steps: []string{
		"Splice a file into a pipe; for a resize, drain it and splice again, so that the ring wraps around.",
		"Move the buffers to a second pipe in unaligned parts, or set the pipe's size.",
		"Drain the pipe.",
	},
	Known: []string{"kept on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells: kit.Named("parts", "grow", "shrink", "shrink-refused"),
}

func TestPipeToPipe(t *testing.T) {
	kit.Run(t, pipeToPipe, func(c *kit.Cell) {
		f := c.File()
		if c.Shape.Variant == "parts" {
			c.Record(inParts(c, f.Splice()).Finding(f).Worse(f.Views()))
			return
		}
		p := c.Pipe()
		p.Splice(f, 0, 11*kit.PageSize)
		p.Collect()
		p.Splice(f, 100, 6*kit.PageSize-576) // six buffers, of which the last two are at the start of the ring
		size := map[string]int{"grow": 64, "shrink": 8, "shrink-refused": 4}[c.Shape.Variant] * kit.PageSize
		_, err := unix.FcntlInt(uintptr(p.W), unix.F_SETPIPE_SZ, size)
		call := fmt.Sprintf("F_SETPIPE_SZ to %d with six buffers of a page in the pipe", size)
		switch refused := c.Shape.Variant == "shrink-refused"; {
		case refused && err == nil:
			c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: call + " succeeds"})
		case refused && !errors.Is(err, unix.EBUSY), !refused && err != nil:
			c.Failed(call, err)
		case !refused:
			p.Splice(f, int64(10*kit.PageSize-959), 3000) // across a page boundary
		}
		p.Judge(f)
	})
}

// inParts moves the content of p, a file's beginning, to a new pipe in
// unaligned lengths.
func inParts(c *kit.Cell, p *kit.Pipe) *kit.Pipe {
	q, total := c.Pipe(), p.Expected()
	parts := []int{1, 63, kit.PageSize - 1, kit.PageSize + 1, 100, kit.PageSize + 904}
	for done, i := 0, 0; done < total; i++ {
		n := min(parts[i%len(parts)], total-done)
		m, err := unix.Splice(p.R, nil, q.W, nil, n, unix.SPLICE_F_NONBLOCK)
		if err != nil {
			c.Failed("splice from pipe to pipe", err)
		}
		if m <= 0 || int(m) > n {
			c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice of %d bytes from pipe to pipe returned %d", n, m)})
		}
		q.Spliced(int64(done), int(m))
		done += int(m)
	}
	return q
}

var fullPipe = kit.Test{
	Name: "TestFullPipe", ID: "A11", Family: familyAccounting, Kind: outcome.Invariant, Priority: 1,
	Doc: "A non-blocking call on a full pipe fails with EAGAIN, moves no offset and loses nothing: with SPLICE_F_NONBLOCK, or with O_NONBLOCK set on the pipe.",
	Steps: []string{
		"Fill a pipe from a file.",
		"Ask for more by a non-blocking splice, tee or sendfile.",
		"The call must fail with EAGAIN and leave the offset alone; then drain the pipe.",
	},
	Known: []string{"EAGAIN and nothing lost on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells: kit.Named("splice", "tee", "pipe", "descriptor", "sendfile"),
}

func TestFullPipe(t *testing.T) {
	kit.Run(t, fullPipe, func(c *kit.Cell) {
		f := c.File()
		p := c.Pipe()
		p.Splice(f, 0, p.Capacity())
		other := f.Splice()
		at := int64(kit.PageSize)
		off := at
		calls := map[string]func() error{
			"splice": func() error { return result(unix.Splice(f.FD, &off, p.W, nil, kit.PageSize, unix.SPLICE_F_NONBLOCK)) },
			"tee":    func() error { return result(unix.Tee(other.R, p.W, kit.PageSize, unix.SPLICE_F_NONBLOCK)) },
			"pipe":   func() error { return result(unix.Splice(other.R, nil, p.W, nil, kit.PageSize, unix.SPLICE_F_NONBLOCK)) },
			"descriptor": func() error {
				return result(unix.Splice(f.FD, &off, p.W, nil, kit.PageSize, 0))
			},
			"sendfile": func() error {
				_, err := unix.Sendfile(p.W, f.FD, &off, kit.PageSize)
				return err
			},
		}
		if c.Shape.Variant == "descriptor" || c.Shape.Variant == "sendfile" {
			nonblocking(c, p.W)
		}
		err := c.Bounded(c.Shape.Variant, calls[c.Shape.Variant])
		switch {
		case err == nil:
			c.Conclude(kit.Finding{Outcome: outcome.Extra, Detail: "a full pipe accepted more"})
		case !errors.Is(err, unix.EAGAIN):
			c.Failed(c.Shape.Variant+" to a full pipe", err)
		case off != at:
			c.Conclude(kit.Finding{Outcome: outcome.Moved, Detail: fmt.Sprintf("EAGAIN, but the offset moved from %d to %d", at, off)})
		}
		c.Record(p.Finding(f).Worse(other.Finding(f)).Worse(f.Views()))
	})
}

// result drops the count, which is meaningless for a failed call.
func result(_ int64, err error) error { return err }
