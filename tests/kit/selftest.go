package kit

import (
	"fmt"
	"slices"

	"github.com/splicelab/splicelab/outcome"
)

// Specimen is a synthetic sample whose outcome is known by construction.
type Specimen struct {
	Name    string
	Want    outcome.Outcome
	Unit    string // of a torn specimen
	History *History
	Data    []byte // delivered for a splice of the first Span bytes
	Span    int
}

// Specimens returns one or more samples of every outcome that data can show,
// over a file of size bytes of which the first span were spliced. Both are
// multiples of two pages, and size is at least twice span.
func Specimens(nonce uint64, size, span int) []Specimen {
	var all []Specimen
	add := func(name string, want outcome.Outcome, h *History, data []byte) {
		all = append(all, Specimen{Name: name, Want: want, History: h, Data: data, Span: span})
	}
	fresh := func() *History {
		h := NewHistory(nonce, 1, size)
		h.Write(0, span) // so that there is a version older than the splice
		h.Splice()
		return h
	}
	before := func(h *History) []byte { return slices.Clone(h.versions[h.spliced][:span]) }
	now := func(h *History) []byte {
		b := make([]byte, span)
		copy(b, h.Content())
		return b
	}

	h := fresh()
	add("unchanged", outcome.Snapshot, h, before(h))
	h = fresh()
	h.Write(0, span)
	add("overwritten", outcome.Snapshot, h, before(h))
	add("live", outcome.Live, h, now(h))
	for _, u := range []struct {
		name string
		len  int
	}{{"page", PageSize}, {"sector", sectorLen}, {"byte", 7}} {
		data := before(h)
		for off := 0; off < span; off += 2 * u.len {
			copy(data[off:min(off+u.len, span)], now(h)[off:])
		}
		add("torn by the "+u.name, outcome.Torn, h, data)
		all[len(all)-1].Unit = u.name
	}
	add("short", outcome.Short, h, before(h)[:span-1])
	add("extra", outcome.Extra, h, append(before(h), 'x'))

	h = fresh()
	h.Zero(1024, 1024)
	add("zeroed in a page", outcome.Zeroed, h, now(h))
	wide := now(h)
	clear(wide[:PageSize])
	add("zeroed too far", outcome.PhantomZero, h, wide)
	h = fresh()
	h.Truncate(1000)
	add("truncated", outcome.Zeroed, h, now(h))
	page := before(h)
	clear(page[1000:PageSize])
	add("truncated, zeroed to the page's end", outcome.Zeroed, h, page)
	h = fresh()
	h.Collapse(0, span)
	add("collapsed, live", outcome.Live, h, now(h))
	add("collapsed, zeros", outcome.PhantomZero, h, make([]byte, span))

	h = fresh()
	data := before(h)
	copy(data, h.Content()[PageSize:PageSize+CellLen])
	add("moved by a page", outcome.Moved, h, data)
	data = before(h)
	copy(data[CellLen:sectorLen], data[1+CellLen:])
	add("moved by a byte", outcome.Moved, h, data)
	data = before(h)
	copy(data[512:1024], h.versions[0][512:])
	add("stale", outcome.Stale, h, data)
	for name, s := range map[string]Stamp{"another file": {Nonce: nonce, File: 2, Gen: 2}, "another run": {Nonce: ^nonce, File: 1, Gen: 2}} {
		data = before(h)
		Fill(data[CellLen:3*CellLen], s, CellLen)
		add(name, outcome.Foreign, h, data)
	}
	data = before(h)
	for i := range 100 {
		data[300+i] = 0xaa // poison, which is in no pattern
	}
	add("poison", outcome.Foreign, h, data)
	return all
}

// Check reports how the specimen is misclassified, or nil.
func (s Specimen) Check() error {
	f := s.History.Classify([]Segment{{0, s.Span}}, s.Data, nil)
	if f.Outcome != s.Want || f.Unit != s.Unit {
		return fmt.Errorf("the oracle calls %q %s (%s), it is %s: %s", s.Name, f.Outcome, f.Unit, s.Want, f.Detail)
	}
	return nil
}

// SelfTest runs the oracle on a specimen of every outcome. look is Cell.Sample,
// where a cell's fault is injected.
func SelfTest(look func([]byte) []byte) error {
	for _, s := range Specimens(0x5eed, 4*PageSize, 2*PageSize) {
		s.Data = look(s.Data)
		if err := s.Check(); err != nil {
			return err
		}
	}
	return nil
}
