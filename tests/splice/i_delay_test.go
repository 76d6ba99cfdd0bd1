package splice

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
	"github.com/splicelab/splicelab/tests/kit/source"
)

var writebackDelayed = kit.Test{
	Name: "TestWritebackDelayed", ID: "C5", Family: familyLayered, Kind: outcome.Characterisation,
	Doc: "Writeback of pages that are in the pipe is kept in flight by a delaying device, while they are left alone, overwritten, or stored to through a mapping; on a device that requires stable pages a change may wait for writeback, which the attribute waited tells.",
	Steps: []string{
		"Put dm-delay, which delays writes, over a block device in memory: null_blk (plain), or zram, which requires stable pages (stable).",
		"Fill it, splice its first four pages into a pipe, and start writeback, which must then be in flight.",
		"Leave them alone (hold), overwrite them by write(2), or store to them through a mapping; a change that blocks is awaited after the release.",
		"In the hold cells, read the pipe while writeback is in flight; in the others, release the device first if the change blocks.",
		"Release the device and check the source.",
	},
	Modules: source.DelayModules, Guest: true,
	Known: []string{
		"hold: snapshot on 5.10, 6.12 and 7.3",
		"plain: a change does not wait and is live on 5.10, 6.12 and 7.3",
		"stable: a change waits until writeback is over, and is live then, on 6.1, 6.12 and 7.3; on 5.10 it does not wait",
	},
	Cells: kit.Named("plain-hold", "plain-write", "plain-store", "stable-hold", "stable-write", "stable-store"),
}

func TestWritebackDelayed(t *testing.T) {
	kit.Run(t, writebackDelayed, func(c *kit.Cell) {
		below, how, _ := strings.Cut(c.Shape.Variant, "-")
		span := c.Shape.Span
		d := source.Delay(c, below == "stable")
		f := d.Open(c.Shape.Size)
		f.Fill(c.Shape.Chunk, true)
		m, err := unix.Mmap(f.FD, 0, span, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			c.Infra("mmap %s: %s", f.Path, kit.ErrnoName(err))
		}
		c.T.Cleanup(func() { _ = unix.Munmap(m) })
		p := f.Splice()
		if err := unix.SyncFileRange(f.FD, 0, int64(c.Shape.Size), unix.SYNC_FILE_RANGE_WRITE); err != nil {
			c.Infra("sync_file_range: %s", kit.ErrnoName(err))
		}
		inFlight(c, d, f)
		if how == "hold" {
			found := p.Finding(f)
			inFlight(c, d, f)
			d.Release()
			c.Record(found.Worse(f.Views()))
			return
		}
		change := overwrite(c, f, m, how)
		waited := c.Waits(change)
		if waited {
			c.Attr("waited", "yes")
		} else {
			c.Attr("waited", "no")
			inFlight(c, d, f)
		}
		found := kit.Finding{Outcome: outcome.Snapshot}
		if !waited {
			found = p.Finding(f)
		}
		d.Release()
		if err := change.Wait(); err != nil {
			c.Failed(how, err)
		}
		if waited {
			found = p.Finding(f)
		}
		c.Record(found.Worse(f.Views()))
	})
}

// inFlight verifies that writeback is in flight: otherwise the cell would test
// something else.
func inFlight(c *kit.Cell, d *source.Delayed, f *kit.File) {
	c.T.Helper()
	if !d.InFlight(f) {
		c.Infra("no writeback is in flight, although the device delays writes")
	}
}

// overwrite starts overwriting the spliced range. A store is done by a system
// call, too, so that a blocked page fault does not occupy one of Go's Ps.
func overwrite(c *kit.Cell, f *kit.File, m []byte, how string) *kit.Thread {
	c.T.Helper()
	b := f.History.Write(0, len(m))
	if how == "write" {
		return c.Start(func() error {
			_, err := unix.Pwrite(f.FD, b, 0)
			return err
		})
	}
	from := c.Pipe()
	if n, err := unix.Write(from.W, b); err != nil || n != len(b) {
		c.Infra("write to a pipe: %d, %v", n, err)
	}
	return c.Start(func() error {
		_, err := unix.Read(from.R, m)
		return err
	})
}
