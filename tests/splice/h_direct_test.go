package splice

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var changingDirect = kit.Test{
	Name: "TestDirectSinkChanging", ID: "H4", Family: familyFileSinks, Kind: outcome.Invariant, Priority: 1,
	Doc: "Pages that change during a btrfs direct I/O write, after their checksums were computed, can be read back: a write spliced from a file's pages, or from memory.",
	Steps: []string{
		"Throttle writes in the block layer, so that they wait below the filesystem.",
		"Block a thread in a splice, or a write, to a file opened with O_DIRECT.",
		"Once it waits for the disk, overwrite the source.",
		"Release the write, drop the target from the page cache and read it: no EIO, and every byte old or new.",
	},
	Oracle: "the target can be read, and each of its bytes is one that the source had at that offset, old or new",
	Needs:  []string{"btrfs with data checksums", "cgroup2 io controller"},
	Guest:  true, // it moves the process to another control group
	Known:  []string{"EIO on 5.10 and 6.1: the checksum is that of the old bytes, and the new ones are on the disk", "snapshot on 6.12, 6.18 and 7.3: btrfs copies the bytes before it computes the checksum"},
	Cells:  kit.Named("splice", "write"),
}

func TestDirectSinkChanging(t *testing.T) {
	kit.Run(t, changingDirect, func(c *kit.Cell) {
		if c.FS.Type != "btrfs" {
			c.Skip("%s has no data checksums: only btrfs has", c.FS.Type)
		}
		to := newTarget(c, unix.O_DIRECT)
		f := c.File()
		var memory *kit.Memory
		history, call := f.History, unix.SYS_SPLICE
		if c.Shape.Variant == "write" {
			memory = c.Memory(c.Shape.Span, false)
			history, call = memory.History, unix.SYS_PWRITE64
			history.Splice()
		}
		p := c.Pipe()
		if memory == nil {
			p.Splice(f, 0, c.Shape.Span)
		}
		held := c.Throttle()
		thread := c.Start(func() error {
			if memory != nil {
				_, err := unix.Pwrite(to.fd, memory.Bytes(), 0)
				return err
			}
			return result(unix.Splice(p.R, nil, to.fd, nil, c.Shape.Span, 0))
		})
		waits := held.AwaitThrottled(thread, call)
		if memory != nil {
			memory.Store(0, c.Shape.Span)
		} else {
			f.Write(0, c.Shape.Span)
		}
		held.Release()
		if err := thread.Wait(); err != nil {
			c.Failed("the write with O_DIRECT", err)
		}
		if err := to.evict(); err != nil {
			c.Failed("write the target back", err)
		}
		found := to.lookAt(history, []kit.Segment{{Len: to.length(c.Shape.Span)}}, 0)
		if !found.Never && (found.Outcome == outcome.Live || found.Outcome == outcome.Torn) {
			found = kit.Finding{Outcome: outcome.Snapshot, Detail: "readable, and " + found.Detail}
		}
		if !waits {
			found.Detail = "the call did not wait for the disk; " + found.Detail
		}
		c.Record(found)
	})
}
