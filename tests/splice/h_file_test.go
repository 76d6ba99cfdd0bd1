package splice

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyFileSinks = "H file sinks"

var fileSinks = []kit.Test{fileSink, fileSinkSettled, copyRange, directSink, changingDirect, selfCopy, sendfileToFile}

const targetOracle = "every byte of the target, read from the page cache and then from the disk, is in the history of the source's offset, which tells its version; no sector mixes generations; afterwards the source is as expected"

var fileSink = kit.Test{
	Name: "TestFileSink", ID: "H1", Family: familyFileSinks, Kind: outcome.Characterisation,
	Doc: "The source is overwritten after it was spliced to a pipe and before the pipe is spliced to a file or, in the between cells, after the first part of it was: each sector of the target is old or new.",
	Steps: []string{
		"Splice the source into a pipe.",
		"Overwrite the source, in the between cells after whole sectors of the pipe went to the target.",
		"Splice the rest of the pipe to the target, and read that.",
	},
	Oracle: targetOracle,
	Known:  []string{"live, and torn between sectors in the between cells, on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells:  kit.Sweep("", "between"),
}

func TestFileSink(t *testing.T) {
	kit.Run(t, fileSink, func(c *kit.Cell) {
		f, to := c.File(), newTarget(c, 0)
		p := f.Splice()
		first := 0
		if c.Shape.Variant == "between" {
			first = c.Shape.Span/2 + 512
			to.take(p, first, 0)
		}
		f.Write(0, c.Shape.Span)
		to.take(p, c.Shape.Span-first, 0)
		c.Record(to.finding(f, []kit.Segment{{Len: c.Shape.Span}}).Worse(f.Views()))
	})
}

// take splices n bytes of the pipe to the target, at its file position.
func (t *target) take(p *kit.Pipe, n, flags int) {
	t.c.T.Helper()
	for n > 0 {
		m, err := unix.Splice(p.R, nil, t.fd, nil, n, flags)
		if err != nil {
			t.c.Failed("splice to a file", err)
		}
		if m <= 0 {
			t.c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("splice to a file returned %d, and %d bytes are left in the pipe", m, n)})
		}
		n -= int(m)
	}
}

var fileSinkSettled = kit.Test{
	Name: "TestFileSinkSettled", ID: "H1", Family: familyFileSinks, Kind: outcome.Invariant,
	Doc: "Once the pipe was spliced to a file, also with SPLICE_F_MOVE, that file is independent: a later write to the source does not show in it.",
	Steps: []string{
		"Splice the source to a pipe, and the pipe to the target.",
		"Overwrite the source.",
		"Read the target, which must have the source's old content.",
	},
	Oracle: targetOracle,
	Known:  []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells:  kit.Varied([]string{"copy", "move"}, kit.Large()),
}

func TestFileSinkSettled(t *testing.T) {
	kit.Run(t, fileSinkSettled, func(c *kit.Cell) {
		f, to := c.File(), newTarget(c, 0)
		flags := 0
		if c.Shape.Variant == "move" {
			flags = unix.SPLICE_F_MOVE
		}
		to.take(f.Splice(), c.Shape.Span, flags)
		f.Write(0, c.Shape.Span)
		c.Record(to.finding(f, []kit.Segment{{Len: c.Shape.Span}}).Worse(f.Views()))
	})
}

var copyRange = kit.Test{
	Name: "TestCopyFileRange", ID: "H2", Family: familyFileSinks, Kind: outcome.Invariant, Priority: 1,
	Doc: "copy_file_range copies the file as of the call: a write just before it is in the copy, even if not yet on disk, and a write just after it is not, even if the copy shares blocks.",
	Steps: []string{
		"In the before cells, overwrite the source.",
		"Copy the source to the target by copy_file_range.",
		"Overwrite the source, and read the target.",
	},
	Oracle: targetOracle,
	Known:  []string{"snapshot on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells:  kit.Sweep("before", "after"),
}

func TestCopyFileRange(t *testing.T) {
	kit.Run(t, copyRange, func(c *kit.Cell) {
		f, to := c.File(), newTarget(c, 0)
		if c.Shape.Variant == "before" {
			f.Write(0, c.Shape.Span)
		}
		f.Observe(0)
		f.History.Splice()
		for done := 0; done < c.Shape.Size; {
			at := int64(done)
			m, err := unix.CopyFileRange(f.FD, &at, to.fd, nil, c.Shape.Size-done, 0)
			if err != nil {
				c.Failed("copy_file_range", err)
			}
			if m <= 0 {
				c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("copy_file_range at %d of %d returned %d", done, c.Shape.Size, m)})
			}
			done += m
		}
		f.Write(0, c.Shape.Span)
		c.Record(to.finding(f, []kit.Segment{{Len: c.Shape.Size}}).Worse(f.Views()))
	})
}

var directSink = kit.Test{
	Name: "TestDirectSink", ID: "H3", Family: familyFileSinks, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Whole pages are spliced to a file opened with O_DIRECT; in the mutated cells, the source is overwritten first.",
	Steps: []string{
		"Splice the source into a pipe.",
		"In the mutated cells, overwrite the source.",
		"Splice the pipe to a target opened with O_DIRECT, and read that.",
	},
	Oracle: targetOracle,
	Needs:  []string{string(kit.DirectIO)},
	Known:  []string{"live in the mutated cells, otherwise snapshot, on 5.10 on ext4, xfs and btrfs, on 6.12 on tmpfs too, and on 6.1, 6.18 and 7.3 on xfs and btrfs"},
	Cells:  kit.Varied([]string{"", "mutated"}, kit.Large()),
}

func TestDirectSink(t *testing.T) {
	kit.Run(t, directSink, func(c *kit.Cell) {
		f, to := c.File(), newTarget(c, unix.O_DIRECT)
		p := f.Splice()
		if c.Shape.Variant == "mutated" {
			f.Write(0, c.Shape.Span)
		}
		to.take(p, c.Shape.Span, 0)
		c.Record(to.finding(f, []kit.Segment{{Len: c.Shape.Span}}).Worse(f.Views()))
	})
}

var selfCopy = kit.Test{
	Name: "TestSelfCopy", ID: "H5", Family: familyFileSinks, Kind: outcome.Invariant, Priority: 1,
	Doc: "copy_file_range within one file fails with EINVAL if the ranges overlap, and the file stays as it was.",
	Steps: []string{
		"Copy the beginning of a file to an overlapping range of the same file, after it or at the same offset.",
		"The call must fail with EINVAL, and the file must be unchanged.",
	},
	Oracle: "EINVAL, and read(2), a fresh mapping and O_DIRECT show the file unchanged",
	Fault:  kit.FaultSource,
	Known:  []string{"EINVAL on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells:  kit.Named("overlap", "onto"),
}

func TestSelfCopy(t *testing.T) {
	kit.Run(t, selfCopy, func(c *kit.Cell) {
		f := c.File()
		from, to := int64(0), int64(0)
		if c.Shape.Variant == "overlap" {
			to = int64(kit.PageSize)
		}
		n, err := unix.CopyFileRange(f.FD, &from, f.FD, &to, c.Shape.Span, 0)
		if !errors.Is(err, unix.EINVAL) {
			c.Conclude(kit.Finding{Outcome: outcome.Error, Detail: fmt.Sprintf("copy_file_range of overlapping ranges returned %d, %v instead of EINVAL", n, err)})
		}
		c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "EINVAL, and the file is unchanged"}.Worse(f.Views()))
	})
}

var sendfileToFile = kit.Test{
	Name: "TestSendfileToFile", ID: "H6", Family: familyFileSinks, Kind: outcome.Invariant, Priority: 1,
	Doc: "sendfile from file to file returns the number of bytes by which the target grew, advances the offset by that, and copies those bytes; it asks for more than there is.",
	Steps: []string{
		"Ask sendfile for unaligned lengths, at the end for more than the file has, until it returns 0.",
		"After each call, compare the return value with the target's size and the source's offset.",
		"Compare the target with the source.",
	},
	Oracle: targetOracle,
	Known:  []string{"exact on 5.10, 6.1, 6.12, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs"},
	Cells:  kit.Named("own", "explicit"),
}

func TestSendfileToFile(t *testing.T) {
	kit.Run(t, sendfileToFile, func(c *kit.Cell) {
		f, to := c.File(), newTarget(c, 0)
		f.Observe(0)
		f.History.Splice()
		sent := int64(0)
		for _, n := range []int{1, kit.PageSize - 1, kit.PageSize + 1, 4*kit.PageSize + 3617, kit.LargeLen, kit.LargeLen} {
			own, given, arg := startOffsets(c, f.FD, sent, c.Shape.Variant == "explicit")
			m, err := unix.Sendfile(to.fd, f.FD, arg, n)
			if err != nil {
				c.Failed("sendfile to a file", err)
			}
			checkOffsets(c, f.FD, own, given, arg, m)
			sent += int64(m)
			if size := to.size(); size != sent {
				c.Conclude(kit.Finding{Outcome: outcome.Short, Detail: fmt.Sprintf("sendfile moved %d bytes in all, and the target has %d", sent, size)})
			}
		}
		c.Record(to.finding(f, []kit.Segment{{Len: c.Shape.Size}}).Worse(f.Views()))
	})
}
