package splice

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

const familyMeta = "J meta"

var controls = []kit.Test{control}

var control = kit.Test{
	Name: "TestControl", ID: "J2", Family: familyMeta, Kind: outcome.Invariant, Control: true,
	Doc:   "Data copied into the pipe before or after a change is classified as the outcome that it has by construction.",
	Cells: kit.Named("copied", "copied-after", "copied-hole", "meddled", "oracle"),
}

func TestControl(t *testing.T) {
	kit.Run(t, control, func(c *kit.Cell) {
		if c.Shape.Variant == "oracle" {
			if err := kit.SelfTest(c.Sample); err != nil {
				c.Record(kit.Finding{Outcome: outcome.Foreign, Detail: err.Error()})
				return
			}
			// No kernel is involved: the observation is the oracle's own answer
			// for a corrupted sample.
			if string(c.Sample([]byte("x"))) != "x" {
				c.Record(kit.Finding{Outcome: outcome.Foreign, Detail: "a corrupt sample"})
				return
			}
			c.Record(kit.Finding{Outcome: outcome.Snapshot, Detail: "every synthetic sample is classified correctly"})
			return
		}
		f := c.File()
		f.Observe(0)
		p := c.Pipe()
		before := copyOf(c, f)
		f.History.Splice()
		switch c.Shape.Variant {
		case "copied":
			c.Expect(outcome.Snapshot)
			f.Write(0, c.Shape.Span)
			fill(c, p, before)
		case "copied-after":
			c.Expect(outcome.Live)
			f.Write(0, c.Shape.Span)
			fill(c, p, copyOf(c, f))
		case "copied-hole":
			c.Expect(outcome.Zeroed)
			f.Write(0, c.Shape.Span)
			f.Truncate(0)
			fill(c, p, make([]byte, c.Shape.Span))
		case "meddled":
			c.Expect(outcome.ConsumerWrite)
			fill(c, p, before)
			if _, err := unix.Pwrite(f.FD, []byte("behind the model's back"), 100); err != nil {
				c.Infra("write: %s", kit.ErrnoName(err))
			}
		}
		p.Judge(f)
	})
}

// copyOf reads the cell's span of f by read(2).
func copyOf(c *kit.Cell, f *kit.File) []byte {
	b := make([]byte, c.Shape.Span)
	if n, err := unix.Pread(f.FD, b, 0); err != nil || n != len(b) {
		c.Infra("read the scratch file: %d bytes, %v", n, err)
	}
	return b
}

// fill writes b, as the span of the file, into the pipe, which copies it.
func fill(c *kit.Cell, p *kit.Pipe, b []byte) {
	if n, err := unix.Write(p.W, b); err != nil || n != len(b) {
		c.Infra("write to the pipe: %d bytes, %v", n, err)
	}
	p.Spliced(0, len(b))
}
