package kit

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

// FuzzClassify generates a history and a sample of it from the seed: the oracle
// must never rate the sample better than it was constructed.
func FuzzClassify(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, seed*seed)
	}
	f.Fuzz(classifyOnce)
}

// TestClassifyNeverBetter is FuzzClassify with the same seeds in every run.
func TestClassifyNeverBetter(t *testing.T) {
	for seed := range uint64(400) {
		classifyOnce(t, seed, 0x5eed)
	}
}

func classifyOnce(t *testing.T, a, b uint64) {
	size, span := 4*PageSize, 2*PageSize
	r := rand.New(rand.NewPCG(a, b))
	h := NewHistory(a, 1, size)
	for range r.IntN(3) {
		change(r, h)
	}
	// The spliced data contains no zero: if the file had one at the time of the
	// splice, an injected zero would not be a phantom.
	h.Truncate(size)
	h.Write(0, size)
	h.Splice()
	for range r.IntN(4) {
		change(r, h)
	}
	data := slices.Clone(h.versions[h.spliced][:span])
	// Later versions may legally be mixed in, by page or smaller unit: damage
	// must be detected among them, too.
	mix(r, h, data)
	whole := []Segment{{0, span}}
	at, n := r.IntN(span), 1+r.IntN(600)
	n = min(n, span-at)
	want := outcome.Snapshot
	switch r.IntN(7) {
	case 0: // no damage
	case 1: // zeros; one where the file never had a zero is a phantom
		clear(data[at : at+n])
		for i := at; i < at+n; i++ {
			if !held(h, int64(i), 0) {
				want = outcome.PhantomZero
			}
		}
	case 2: // poison; a byte of it that some version contains is indistinguishable from it
		for i := at; i < at+n; i++ {
			data[i] = 0xaa
			if !held(h, int64(i), 0xaa) {
				// Foreign unless an older version contains it: then stale.
				want = outcome.Worst(want, outcome.Stale)
			}
		}
	case 3: // bytes of the next page
		copy(data[at:at+n], h.versions[h.spliced][at+PageSize:])
		for i := at; i < at+n; i++ {
			if !held(h, int64(i), data[i]) {
				want = outcome.Moved
			}
		}
	case 4: // bytes from before the splice; those that a later version contains are indistinguishable from it
		for i := at; i < at+n; i++ {
			data[i] = h.value(r.IntN(h.spliced+1), int64(i))
			if !held(h, int64(i), data[i]) {
				want = outcome.PhantomZero // at least, if it is zero
			}
		}
	case 5: // short
		data = data[:at]
		want = outcome.Short
	case 6: // more than was spliced
		data = append(data, 'x')
		want = outcome.Extra
	}
	var except *Segment
	if r.IntN(3) == 0 {
		// Anything in the history is accepted there, but not damage.
		except = &Segment{Off: int64(r.IntN(span)), Len: 1 + r.IntN(span)}
	} else if want == outcome.Snapshot {
		want = h.atLeast(data)
	}
	if got := h.Classify(whole, data, except); got.Outcome.Rank() < want.Rank() {
		t.Errorf("seed %d %d: a sample that is %s is rated %s: %s", a, b, want, got.Outcome, got.Detail)
	}
}

// mix replaces parts of the sample (pages, sectors or a few bytes) with the
// content of other versions since the splice.
func mix(r *rand.Rand, h *History, data []byte) {
	if r.IntN(3) == 0 {
		return
	}
	unit := []int{PageSize, sectorLen, 1 + r.IntN(CellLen)}[r.IntN(3)]
	for lo := 0; lo < len(data); lo += unit {
		k := h.spliced + r.IntN(len(h.versions)-h.spliced)
		for i := lo; i < min(lo+unit, len(data)); i++ {
			data[i] = h.value(k, int64(i))
		}
	}
}

// atLeast is the best rating for a sample of the file's beginning in which each
// byte is in the history: a snapshot only if it matches the version at the
// splice as a whole, and torn if a sector matches no single version.
func (h *History) atLeast(data []byte) outcome.Outcome {
	holds := func(k, lo, hi int) bool {
		for i := lo; i < hi; i++ {
			if h.value(k, int64(i)) != data[i] {
				return false
			}
		}
		return true
	}
	if holds(h.spliced, 0, len(data)) {
		return outcome.Snapshot
	}
	for lo := 0; lo < len(data); lo += sectorLen {
		whole := false
		for k := h.spliced; k < len(h.versions) && !whole; k++ {
			whole = holds(k, lo, lo+sectorLen)
		}
		if !whole {
			return outcome.Torn
		}
	}
	return outcome.Live
}

// change makes a random change to the file that leaves it long enough to be
// changed again.
func change(r *rand.Rand, h *History) {
	size := h.Size()
	off := r.IntN(size)
	n := 1 + r.IntN(min(size-off, 2*PageSize))
	switch r.IntN(5) {
	case 0:
		h.Write(int64(off), n)
	case 1:
		h.Zero(int64(off), n)
	case 2:
		h.Truncate(max(off, PageSize))
	case 3:
		if size-n >= PageSize {
			h.Collapse(int64(off), n)
		}
	case 4:
		h.Insert(int64(off), n)
	}
}
