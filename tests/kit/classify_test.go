package kit

import (
	"slices"
	"strings"
	"testing"

	"github.com/splicelab/splicelab/outcome"
)

func TestSpecimens(t *testing.T) {
	seen := map[outcome.Outcome]bool{}
	for _, s := range Specimens(1, LargeLen, SpanLen) {
		t.Run(s.Name, func(t *testing.T) {
			if err := s.Check(); err != nil {
				t.Error(err)
			}
		})
		seen[s.Want] = true
	}
	// Not detectable from the delivered bytes.
	elsewhere := []outcome.Outcome{outcome.Blocked, outcome.Dropped, outcome.Error, outcome.ConsumerWrite}
	for _, o := range outcome.All {
		if !seen[o] && !slices.Contains(elsewhere, o) {
			t.Errorf("no specimen of %s", o)
		}
	}
}

func TestSelfTestNoticesAWrongOracle(t *testing.T) {
	s := Specimens(1, 4*PageSize, 2*PageSize)[0]
	s.Want = outcome.Live
	if s.Check() == nil {
		t.Error("a mislabelled specimen passes")
	}
}

// spliced is the history of a file whose first span bytes were spliced.
func spliced(size int) *History {
	h := NewHistory(3, 1, size)
	h.Splice()
	return h
}

func now(h *History, n int) []byte {
	b := make([]byte, n)
	copy(b, h.Content())
	return b
}

func TestDetails(t *testing.T) {
	span := SpanLen
	whole := []Segment{{0, span}}
	for _, tt := range []struct {
		name   string
		mutate func(h *History, got []byte) []byte
		want   Finding
	}{
		{"punch seen exactly", func(h *History, _ []byte) []byte {
			h.Zero(1024, 1024)
			return now(h, span)
		}, Finding{Outcome: outcome.Zeroed, Detail: "zeroed 1024+1024 of 16384"}},
		{"punch zeroes the page", func(h *History, got []byte) []byte {
			h.Zero(1024, 1024)
			clear(got[:PageSize])
			return got
		}, Finding{Outcome: outcome.PhantomZero, Detail: "phantom-zero 0+1024, zeroed 1024+1024, phantom-zero 2048+2048 of 16384"}},
		{"truncate zeroes to the page's end", func(h *History, got []byte) []byte {
			h.Truncate(1000)
			clear(got[1000:PageSize])
			return got
		}, Finding{Outcome: outcome.Zeroed, Detail: "zeroed 1000+3096, snapshot 4096+12288 of 16384"}},
		{"a page of a write shows", func(h *History, got []byte) []byte {
			h.Write(0, span)
			copy(got[:PageSize], h.Content())
			return got
		}, Finding{Outcome: outcome.Torn, Unit: "page", Detail: "torn by the page: live 0+4096, snapshot 4096+12288 of 16384"}},
		{"a tear inside a sector", func(h *History, got []byte) []byte {
			h.Write(0, span)
			copy(got[:100], h.Content())
			return got
		}, Finding{Outcome: outcome.Torn, Unit: "byte", Never: true, Detail: "torn by the byte: live 0+100, snapshot 100+16284 of 16384"}},
		{"half a page of zeros", func(h *History, got []byte) []byte {
			h.Zero(0, span)
			clear(got[:2048])
			return got
		}, Finding{Outcome: outcome.Torn, Unit: "sector", Detail: "torn by the sector: zeroed 0+2048, snapshot 2048+14336 of 16384"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := spliced(LargeLen)
			got := h.Classify(whole, tt.mutate(h, now(h, span)), nil)
			got.Dump = "" // checked by TestDump
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestForeignDetail(t *testing.T) {
	h := spliced(LargeLen)
	got := now(h, SpanLen)
	copy(got[4096:], strings.Repeat("\xaa", 32))
	f := h.Classify([]Segment{{0, SpanLen}}, got, nil)
	for _, want := range []string{"foreign 4096+32 of 16384", "at 4096:", "nearest is version 0", "aa aa aa"} {
		if !strings.Contains(f.Detail, want) {
			t.Errorf("detail %q lacks %q", f.Detail, want)
		}
	}
}

func TestExceptAllowsOnlyHistory(t *testing.T) {
	h := spliced(LargeLen)
	got := now(h, SpanLen)
	h.Zero(0, 512)
	clear(got[:512])
	whole, except := []Segment{{0, SpanLen}}, &Segment{0, 512}
	if f := h.Classify(whole, got, except); f.Outcome != outcome.Snapshot {
		t.Errorf("zeros where the hole is: %+v", f)
	}
	got[512] = 0
	if f := h.Classify(whole, got, except); f.Outcome != outcome.PhantomZero {
		t.Errorf("a zero after the hole: %+v", f)
	}
	got[512] = h.Content()[512]
	got[0] = 1
	if f := h.Classify(whole, got, except); f.Outcome != outcome.Foreign {
		t.Errorf("junk inside the hole: %+v", f)
	}
}

func TestSegmentsOfOneFileTwice(t *testing.T) {
	h := spliced(PageSize)
	twice := []Segment{{0, PageSize}, {0, PageSize}}
	old := now(h, PageSize)
	if f := h.Classify(twice, slices.Concat(old, old), nil); f.Outcome != outcome.Snapshot {
		t.Errorf("unchanged: %+v", f)
	}
	h.Write(0, PageSize)
	if f := h.Classify(twice, slices.Concat(old, now(h, PageSize)), nil); f.Outcome != outcome.Torn || f.Unit != "page" {
		t.Errorf("one of two copies changed: %+v", f)
	}
}

// FuzzNeverBetter damages a sample of every outcome: the oracle must never rate it
// better than the damage allows.
func FuzzNeverBetter(f *testing.F) {
	f.Add(uint64(1), uint16(0), uint16(64), byte(0))
	f.Add(uint64(2), uint16(4000), uint16(300), byte(0xaa))
	f.Add(uint64(3), uint16(8191), uint16(1), byte('S'))
	size, span := 4*PageSize, 2*PageSize
	f.Fuzz(func(t *testing.T, nonce uint64, at, n uint16, junk byte) {
		for _, s := range Specimens(nonce, size, span) {
			if s.Want == outcome.Short || s.Want == outcome.Extra {
				continue
			}
			data := slices.Clone(s.Data)
			lo := int(at) % span
			hi := min(lo+1+int(n)%512, span)
			bad := 0
			for i := lo; i < hi; i++ {
				data[i] = junk
				if !held(s.History, int64(i), junk) {
					bad++
				}
			}
			got := s.History.Classify([]Segment{{0, span}}, data, nil)
			switch {
			case bad > 0 && got.Outcome.LegalSomewhere():
				t.Errorf("%s with %d bytes of %#x at %d that the file never had is %s: %s", s.Name, bad, junk, lo, got.Outcome, got.Detail)
			case !s.Want.LegalSomewhere() && got.Outcome.LegalSomewhere() && !covers(s, lo, hi):
				t.Errorf("%s with %d bytes of %#x at %d became %s: %s", s.Name, hi-lo, junk, lo, got.Outcome, got.Detail)
			}
			short := s.History.Classify([]Segment{{0, span}}, s.Data[:lo], nil)
			if short.Outcome.Rank() < outcome.Short.Rank() {
				t.Errorf("%s cut to %d bytes is %s", s.Name, lo, short.Outcome)
			}
		}
	})
}

// held reports whether the file had b at off at the time of the splice or
// later.
func held(h *History, off int64, b byte) bool {
	for k := h.spliced; k < len(h.versions); k++ {
		if h.value(k, off) == b {
			return true
		}
	}
	return false
}

// covers reports whether lo to hi covers everything wrong in a specimen.
func covers(s Specimen, lo, hi int) bool {
	for i, b := range s.Data {
		if (i < lo || i >= hi) && !held(s.History, int64(i), b) {
			return false
		}
	}
	return true
}
