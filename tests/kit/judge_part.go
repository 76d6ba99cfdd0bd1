package kit

// JudgeBefore is Judge for the data before offset off: the reader's bytes from
// there on are counted but not checked.
func (p *Pipe) JudgeBefore(f *File, off int64) {
	p.c.T.Helper()
	got := p.Drain()
	if len(got) != p.Expected() {
		p.c.Record(p.find(f, got, nil).Worse(f.Views()))
		return
	}
	var segs []Segment
	var front []byte
	for _, s := range p.segs {
		n := int(min(max(off-s.Off, 0), int64(s.Len)))
		if n > 0 {
			segs = append(segs, Segment{s.Off, n})
			front = append(front, got[:n]...)
		}
		got = got[s.Len:]
	}
	p.c.Record(f.History.Classify(segs, front, nil).Worse(f.Views()))
}

// JudgeHistory accepts any value that the file had at a byte's offset since the
// splice, old or new, and nothing else, such as a zero that was never there. The
// resulting outcome is the covariate "received".
func (p *Pipe) JudgeHistory(f *File) {
	p.c.T.Helper()
	got := p.Drain()
	found := p.find(f, got, nil)
	p.c.Attr("received", string(found.Outcome))
	if found.Outcome.LegalSomewhere() && !found.Never {
		found = p.find(f, got, &Segment{0, 1 << 30})
	}
	p.c.Record(found.Worse(f.Views()))
}
