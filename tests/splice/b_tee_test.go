package splice

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/outcome"
	"github.com/splicelab/splicelab/tests/kit"
)

var teeDiverges = kit.Test{
	Name: "TestTeeDiverges", ID: "B21", Family: familyMutation, Kind: outcome.Characterisation, Priority: 1,
	Doc: "Two samples of one pipe, taken by tee(2) and read before and after a write: they should be the same, and so should what is left in the pipe.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"Tee the pipe into a second one, and read that.",
		"Write over the range of the file.",
		"Tee the first pipe into a third one, read that, and read the first.",
	},
	Oracle: "each of the three samples is in the history of the file; where they differ, the pipe is torn, the unit being the copies of a tee",
	Known: []string{
		"torn on 5.10, 6.1, 6.18 and 7.3 on tmpfs, ext4, xfs and btrfs",
	},
	Cells: kit.Sizes(),
}

func TestTeeDiverges(t *testing.T) {
	kit.Run(t, teeDiverges, func(c *kit.Cell) {
		f := c.File()
		p := f.Splice()
		before := teeSample(c, p)
		f.Write(0, c.Shape.Span)
		after := teeSample(c, p)
		rest := p.Drain()
		segs := []kit.Segment{{Off: 0, Len: c.Shape.Span}}
		found := f.History.Classify(segs, rest, nil)
		for _, s := range [][]byte{before, after} {
			found = found.Worse(f.History.Classify(segs, s, nil))
		}
		if found.Outcome.LegalSomewhere() && !(bytes.Equal(before, after) && bytes.Equal(after, rest)) {
			found = kit.Finding{Outcome: outcome.Torn, Unit: "copies of a tee",
				Detail: "before the write the tee read as " + classified(f, segs, before) + ", after it as " + classified(f, segs, after) + ", and the pipe itself as " + classified(f, segs, rest)}
		}
		c.Record(found.Worse(f.Views()))
	})
}

// classified is what a sample is by itself.
func classified(f *kit.File, segs []kit.Segment, sample []byte) string {
	return string(f.History.Classify(segs, sample, nil).Outcome)
}

// teeSample is what a reader gets of a copy of the pipe, which keeps what it has.
func teeSample(c *kit.Cell, p *kit.Pipe) []byte {
	copied := c.Pipe()
	n, err := unix.Tee(p.R, copied.W, p.Expected(), unix.SPLICE_F_NONBLOCK)
	if err != nil {
		c.Failed("tee", err)
	}
	copied.Spliced(0, int(n)) // a count that is too small shows as short
	return copied.Drain()
}
