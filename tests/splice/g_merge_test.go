package splice

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var pipeMerge = kit.Test{
	Name: "TestPipeMerge", ID: "G2", Family: familyConsumer, Kind: outcome.Invariant,
	Doc: "A part of a page is spliced into a pipe whose slots have all been used by write(2), and a few bytes are written after it: they belong to the pipe only, never to the page (CVE-2022-0847).",
	Steps: []string{
		"Fill the pipe by write(2) and drain it, so that every slot has had a mergeable buffer.",
		"Splice a part of a page into it, or tee or sendfile it there.",
		"Write 64 bytes to the pipe and read everything.",
	},
	Oracle: "The pipe delivers the spliced bytes and then the written ones; read(2), a fresh mapping and O_DIRECT show the file unchanged.",
	Known:  []string{"never in the page on 6.12.117, tmpfs, ext4 and btrfs"},
	Fault:  kit.FaultSource,
	Quick:  []string{"begin"},
	Cells:  kit.Named("begin", "middle", "end", "fresh", "sendfile", "tee", "grown", "shrunk"),
}

func TestPipeMerge(t *testing.T) {
	kit.Run(t, pipeMerge, func(c *kit.Cell) {
		f := c.File()
		f.Observe(0)
		p := c.Pipe()
		if c.Shape.Variant != "fresh" {
			useSlots(c, p)
		}
		off, n := int64(0), 1000
		feed := p.Splice
		switch c.Shape.Variant {
		case "middle":
			off = 1000
		case "end": // up to 96 bytes before the page's end
			off = int64(kit.PageSize - 96 - n)
		case "sendfile":
			feed = p.Sendfile
		case "grown":
			resize(c, p, 2*p.Capacity())
		}
		feed(f, off, n)
		switch c.Shape.Variant {
		case "tee":
			p = teed(c, p, off, n)
		case "shrunk":
			resize(c, p, kit.PageSize)
			resize(c, p, kit.LargeLen)
		}
		tail := bytes.Repeat([]byte{0x5a}, 64)
		if m, err := unix.Write(p.W, tail); err != nil || m != len(tail) {
			c.Infra("write to the pipe after the spliced part: %d bytes, %v", m, err)
		}
		got := p.Drain()
		spliced := min(len(got), n)
		found := f.History.Classify([]kit.Segment{{Off: off, Len: n}}, got[:spliced], nil)
		if found.Outcome == outcome.Snapshot && !bytes.Equal(got[spliced:], tail) {
			found = kit.Finding{Outcome: outcome.Foreign, Detail: "after the spliced bytes the pipe does not deliver what was written"}
		}
		c.Record(found.Worse(f.Views()))
	})
}

// useSlots fills the pipe, page by page, and drains it.
func useSlots(c *kit.Cell, p *kit.Pipe) {
	b := bytes.Repeat([]byte{0x5a}, p.Capacity())
	if n, err := unix.Write(p.W, b); err != nil || n != len(b) {
		c.Infra("fill the pipe: %d bytes, %v", n, err)
	}
	if n := p.Collect(); n != len(b) {
		c.Infra("drain the pipe: %d of %d bytes", n, len(b))
	}
	p.Drain() // what was queued
}

func resize(c *kit.Cell, p *kit.Pipe, n int) {
	if _, err := unix.FcntlInt(uintptr(p.W), unix.F_SETPIPE_SZ, n); err != nil {
		c.Infra("F_SETPIPE_SZ to %d: %s", n, kit.ErrnoName(err))
	}
}

// teed returns a second used pipe with the same bytes, without changing the first.
func teed(c *kit.Cell, from *kit.Pipe, off int64, n int) *kit.Pipe {
	to := c.Pipe()
	useSlots(c, to)
	m, err := unix.Tee(from.R, to.W, n, 0)
	if err != nil || int(m) != n {
		c.Infra("tee: %d of %d bytes, %v", m, n, err)
	}
	to.Spliced(off, n)
	return to
}
