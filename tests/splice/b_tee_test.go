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
	Doc: "A pipe is sampled twice by tee(2), before and after a write: both samples and the pipe itself should read the same.",
	Steps: []string{
		"Splice the beginning of a file into a pipe.",
		"tee the pipe into a second one, and read that.",
		"Overwrite the range in the file.",
		"tee the first pipe into a third one, read that, and read the first.",
	},
	Oracle: "each of the three samples is in the history of the file; if they differ, the pipe is torn, the unit being the copies of a tee",
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
				Detail: "before the write, tee delivered " + classified(f, segs, before) + ", after it " + classified(f, segs, after) + ", and the pipe itself " + classified(f, segs, rest)}
		}
		c.Record(found.Worse(f.Views()))
	})
}

// classified is the finding for a single sample.
func classified(f *kit.File, segs []kit.Segment, sample []byte) string {
	return string(f.History.Classify(segs, sample, nil).Outcome)
}

// teeSample is what a reader of a teed copy of the pipe receives; the pipe keeps
// its content.
func teeSample(c *kit.Cell, p *kit.Pipe) []byte {
	copied := c.Pipe()
	n, err := unix.Tee(p.R, copied.W, p.Expected(), unix.SPLICE_F_NONBLOCK)
	if err != nil {
		c.Failed("tee", err)
	}
	copied.Spliced(0, int(n)) // a short count is classified as short
	return copied.Drain()
}
