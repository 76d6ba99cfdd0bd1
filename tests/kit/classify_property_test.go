package kit

import (
	"math/rand/v2"
	"slices"
	"testing"

	"splicelab/outcome"
)

// FuzzClassify draws a history and a sample of it from the seed: the oracle
// never calls the sample better than it was made.
func FuzzClassify(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, seed*seed)
	}
	f.Fuzz(classifyOnce)
}

// TestClassifyNeverBetter is FuzzClassify for the same seeds in every run.
func TestClassifyNeverBetter(t *testing.T) {
	for seed := range uint64(400) {
		classifyOnce(t, seed, 0x5eed)
	}
}

func classifyOnce(t *testing.T, a, b uint64) {
	const size, span = 4 * PageSize, 2 * PageSize
	r := rand.New(rand.NewPCG(a, b))
	h := NewHistory(a, 1, size)
	for range r.IntN(3) {
		change(r, h)
	}
	// What is spliced is there and holds no zero: a zero that the file held
	// at the time of the splice would make a phantom of none.
	h.Truncate(size)
	h.Write(0, size)
	h.Splice()
	for range r.IntN(4) {
		change(r, h)
	}
	data := slices.Clone(h.versions[h.spliced][:span])
	whole := []Segment{{0, span}}
	at, n := r.IntN(span), 1+r.IntN(600)
	n = min(n, span-at)
	want := outcome.Snapshot
	switch r.IntN(6) {
	case 0: // unchanged
	case 1: // zeros; a byte of them that the file never was is a phantom
		clear(data[at : at+n])
		for i := at; i < at+n; i++ {
			if !held(h, int64(i), 0) {
				want = outcome.PhantomZero
			}
		}
	case 2: // poison; a byte of it that some version holds is not told from it
		for i := at; i < at+n; i++ {
			data[i] = 0xaa
			if !held(h, int64(i), 0xaa) {
				// Foreign unless an older version holds it: then stale.
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
	case 4: // cut
		data = data[:at]
		want = outcome.Short
	case 5: // more than was spliced
		data = append(data, 'x')
		want = outcome.Extra
	}
	if got := h.Classify(whole, data, nil); got.Outcome.Rank() < want.Rank() {
		t.Errorf("seed %d %d: a sample that is %s is called %s: %s", a, b, want, got.Outcome, got.Detail)
	}
}

// change changes the file in a way that r draws, and leaves it long enough to
// be changed again.
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
