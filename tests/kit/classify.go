package kit

import (
	"bytes"
	"fmt"

	"github.com/splicelab/splicelab/outcome"
)

// Segment is a range of a file that was put into a pipe.
type Segment struct {
	Off int64
	Len int
}

// Finding is the classification of a sample of delivered bytes.
type Finding struct {
	Outcome outcome.Outcome
	Detail  string // one line: what was observed where
	Unit    string // of a torn sample: "page", "sector" or "byte"
	Dump    string // lines for the test's output: the first wrong bytes
	// Never marks an outcome that is wrong in this sample under every policy,
	// although some policy accepts it elsewhere, such as a tear inside a
	// sector.
	Never bool
}

// label classifies one delivered byte.
type label byte

const (
	unaffected label = iota // the history has one element and this is it
	old                     // the value at splice time, where later ones differ
	later                   // a later value, not zero
	zeroed                  // zero, and the file is now zero there
	phantomZero
	moved
	stale
	foreign
)

var labelOutcome = [...]outcome.Outcome{
	unaffected: outcome.Snapshot, old: outcome.Snapshot, later: outcome.Live, zeroed: outcome.Zeroed,
	phantomZero: outcome.PhantomZero, moved: outcome.Moved, stale: outcome.Stale, foreign: outcome.Foreign,
}

// sectorLen is the unit below which a tear requires concurrency.
const sectorLen = 512

// sample is delivered data with, for each byte, where it should come from, which
// versions of the file contain it, and its label.
type sample struct {
	h      *History
	data   []byte
	offs   []int64
	masks  []uint64 // bit i: version spliced+i has this value here
	labels []label
	notes  []string // about the first corrupted cells

	searches int // for the origin of moved bytes
}

// Classify classifies what the reader of segs received as data. Bytes of the
// file range except, if any, may be anything in their history: the test does not
// constrain them.
func (h *History) Classify(segs []Segment, data []byte, except *Segment) Finding {
	want := 0
	for _, s := range segs {
		want += s.Len
	}
	if len(data) == want && h.unchanged(segs, data) {
		return Finding{Outcome: outcome.Snapshot, Detail: fmt.Sprintf("unchanged, %d bytes", want)}
	}
	s := h.sample(segs, data[:min(want, len(data))], except)
	f := s.aggregate()
	f.Dump = s.dump()
	switch {
	case len(data) < want:
		f.Detail = fmt.Sprintf("%d of %d bytes delivered; %s", len(data), want, f.Detail)
		f.Outcome = outcome.Worst(f.Outcome, outcome.Short)
	case len(data) > want:
		f.Detail = fmt.Sprintf("%d bytes delivered instead of %d; %s", len(data), want, f.Detail)
		f.Outcome = outcome.Worst(f.Outcome, outcome.Extra)
	}
	return f
}

// unchanged is the fast path for the common case: the file did not change and
// the sample matches it.
func (h *History) unchanged(segs []Segment, data []byte) bool {
	if h.Changed() {
		return false
	}
	v := h.Content()
	for _, g := range segs {
		if g.Off+int64(g.Len) > int64(len(v)) || !bytes.Equal(v[g.Off:g.Off+int64(g.Len)], data[:g.Len]) {
			return false
		}
		data = data[g.Len:]
	}
	return true
}

func (h *History) sample(segs []Segment, data []byte, except *Segment) *sample {
	s := &sample{h: h, data: data, offs: make([]int64, 0, len(data)),
		masks: make([]uint64, len(data)), labels: make([]label, len(data))}
	for _, g := range segs {
		for o := g.Off; o < g.Off+int64(g.Len) && len(s.offs) < len(data); o++ {
			s.offs = append(s.offs, o)
		}
	}
	since := h.versions[h.spliced:]
	all := uint64(1)<<len(since) - 1
	damaged := false
	for k, v := range since {
		for i, o := range s.offs {
			var held byte // zero beyond EOF
			if o < int64(len(v)) {
				held = v[o]
			}
			if held == data[i] {
				s.masks[i] |= 1 << k
			}
		}
	}
	for i, b := range data {
		switch m := s.masks[i]; {
		case m == 0:
			s.labels[i] = foreign
			damaged = true
		case m == all || except != nil && within(s.offs[i], *except):
			s.labels[i], s.masks[i] = unaffected, all
		case m&1 != 0:
			s.labels[i] = old
		case b == 0:
			s.labels[i] = zeroed
		default:
			s.labels[i] = later
		}
	}
	if damaged {
		s.examine()
	}
	return s
}

func within(o int64, g Segment) bool { return o >= g.Off && o < g.Off+int64(g.Len) }

// examine identifies the bytes that are not in the history, a pattern cell at a
// time.
func (s *sample) examine() {
	for lo := 0; lo < len(s.data); {
		hi := lo + 1
		for hi < len(s.data) && s.offs[hi] == s.offs[hi-1]+1 && s.offs[hi]%CellLen != 0 {
			hi++
		}
		if bytes.IndexByte(labelBytes(s.labels[lo:hi]), byte(foreign)) >= 0 {
			s.examineCell(lo, hi)
		}
		lo = hi
	}
}

func labelBytes(l []label) []byte {
	b := make([]byte, len(l))
	for i, x := range l {
		b[i] = byte(x)
	}
	return b
}

func (s *sample) examineCell(lo, hi int) {
	chunk, off := s.data[lo:hi], s.offs[lo]
	whole := func(l label, format string, args ...any) {
		for i := lo; i < hi; i++ {
			s.labels[i] = l
		}
		s.note(lo, fmt.Sprintf(format, args...))
	}
	if k := s.staleVersion(chunk, off); k >= 0 {
		whole(stale, "version %d of the file, the splice was at version %d", k, s.h.spliced)
		return
	}
	if st, ok := ParseCell(chunk); ok {
		switch {
		case st.Nonce != s.h.stamp.Nonce:
			whole(foreign, "a cell of another run: nonce %x file %d generation %d offset %d", st.Nonce, st.File, st.Gen, st.Off)
		case st.File != s.h.stamp.File:
			whole(foreign, "a cell of file %d, generation %d offset %d", st.File, st.Gen, st.Off)
		case st.Off != off:
			whole(moved, "the cell of offset %d, generation %d", st.Off, st.Gen)
		case st.Gen < s.h.stamp.Gen:
			whole(stale, "generation %d", st.Gen)
		default:
			whole(foreign, "generation %d, which was never written here", st.Gen)
		}
		return
	}
	first, last := lo, hi
	for s.labels[first] != foreign {
		first++
	}
	for s.labels[last-1] != foreign {
		last--
	}
	if at := s.find(s.data[first:last]); at >= 0 {
		lo, hi = first, last
		whole(moved, "bytes of offset %d", at)
		return
	}
	s.examineBytes(lo, hi)
}

// staleVersion returns the version before the splice that contains all of chunk
// at off, or -1. A chunk of zeros is never stale: it is indistinguishable from one
// that was zeroed wrongly.
func (s *sample) staleVersion(chunk []byte, off int64) int {
	if allZero(chunk) {
		return -1
	}
	for k := s.h.spliced - 1; k >= 0; k-- {
		if v := s.h.versions[k]; off+int64(len(chunk)) <= int64(len(v)) && bytes.Equal(v[off:off+int64(len(chunk))], chunk) {
			return k
		}
	}
	return -1
}

// find returns the offset at which some version of the file contains chunk, or
// -1. Chunks too short to be significant are not searched for; a sample with too
// much damage is foreign without a search.
func (s *sample) find(chunk []byte) int {
	const most = 64
	if len(chunk) < CellLen/4 || allZero(chunk) || s.searches == most {
		return -1
	}
	s.searches++
	for k := len(s.h.versions) - 1; k >= 0; k-- {
		if at := bytes.Index(s.h.versions[k], chunk); at >= 0 {
			return at
		}
	}
	return -1
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// examineBytes is the fallback for a cell that is not intact: each byte that is
// in no version since the splice is a phantom zero, an older value or, failing
// that, foreign.
func (s *sample) examineBytes(lo, hi int) {
	isStale, odd := true, false
	for i := lo; i < hi; i++ {
		if s.labels[i] == foreign && s.data[i] != 0 {
			odd = true
			isStale = isStale && s.h.stale(s.offs[i], s.data[i])
		}
	}
	for i := lo; i < hi; i++ {
		switch {
		case s.labels[i] != foreign:
		case s.data[i] == 0:
			s.labels[i] = phantomZero
		case isStale:
			s.labels[i] = stale
		}
	}
	if odd && !isStale {
		s.note(lo, "nearest is "+s.nearest(lo, hi))
	}
}

// nearest names the cell of the file's history that differs least from the
// corrupted one at the same offset.
func (s *sample) nearest(lo, hi int) string {
	best, version := hi-lo+1, 0
	for k := range s.h.versions {
		differ := 0
		for i := lo; i < hi; i++ {
			if s.h.value(k, s.offs[i]) != s.data[i] {
				differ++
			}
		}
		if differ < best {
			best, version = differ, k
		}
	}
	return fmt.Sprintf("version %d of it, %d of %d bytes differ", version, best, hi-lo)
}

// note keeps what is known about the first corrupted cells, with a hexdump.
func (s *sample) note(lo int, text string) {
	const most = 2
	if len(s.notes) == most {
		return
	}
	end := min(lo+16, len(s.data))
	s.notes = append(s.notes, fmt.Sprintf("at %d: %s (% x)", s.offs[lo], text, s.data[lo:end]))
}
