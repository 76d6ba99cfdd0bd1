package kit

import "github.com/splicelab/splicelab/outcome"

// Judge drains the pipe, classifies what its reader received of f, checks that
// the source itself is as expected, and records the result.
func (p *Pipe) Judge(f *File) {
	p.c.T.Helper()
	p.c.Record(p.find(f, p.Drain(), nil).Worse(f.Views()))
}

// JudgeOutside is Judge for everything outside a range of the file: inside the
// range the reader may have received anything that the file has had there.
func (p *Pipe) JudgeOutside(f *File, off int64, n int) {
	p.c.T.Helper()
	p.c.Record(p.find(f, p.Drain(), &Segment{off, n}).Worse(f.Views()))
}

// JudgeReceived is Judge for data received at a socket into which the pipe was
// spliced. If nothing was received, the data was dropped, which is wrong under
// every policy unless the file was changed meanwhile; dropped then describes the
// kernel's counters.
func (p *Pipe) JudgeReceived(f *File, got []byte, dropped string) {
	p.c.T.Helper()
	p.JudgeReceivedOutside(f, got, dropped, 0, 0)
}

// JudgeReceivedOutside is JudgeReceived for everything outside a range of the
// file, as JudgeOutside.
func (p *Pipe) JudgeReceivedOutside(f *File, got []byte, dropped string, off int64, n int) {
	p.c.T.Helper()
	found := Finding{Outcome: outcome.Dropped, Detail: dropped, Never: !f.History.Changed()}
	if got = p.c.Sample(got); len(got) > 0 {
		found = p.find(f, got, &Segment{off, n})
	}
	p.c.Record(found.Worse(f.Views()))
}

// Finding drains the pipe and classifies what its reader received of f, without
// recording it: for a source that cannot be checked yet, or no longer.
func (p *Pipe) Finding(f *File) Finding {
	p.c.T.Helper()
	return p.find(f, p.Drain(), nil)
}

func (p *Pipe) find(f *File, got []byte, except *Segment) Finding {
	return f.History.Classify(p.segs, got, except)
}

// Worse merges two findings about one cell.
func (f Finding) Worse(g Finding) Finding {
	if g.Outcome.Rank() <= f.Outcome.Rank() {
		return f
	}
	if f.Outcome != outcome.Snapshot && f.Detail != "" {
		g.Detail += "; the reader received: " + f.Detail
	}
	return g
}
