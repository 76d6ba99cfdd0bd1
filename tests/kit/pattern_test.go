package kit

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPatternRoundTrip(t *testing.T) {
	for _, s := range []Stamp{
		{},
		{Nonce: 1<<35 - 1, File: 1<<21 - 1, Gen: 1<<14 - 1, Off: 1<<56 - CellLen},
		{Nonce: 0x123456789, File: 7, Gen: 300, Off: 128 * CellLen},
	} {
		b := make([]byte, CellLen)
		Fill(b, s, s.Off)
		got, ok := ParseCell(b)
		if diff := cmp.Diff(s, got); !ok || diff != "" {
			t.Errorf("parsed %v (-want +got):\n%s", ok, diff)
		}
		if bytes.IndexByte(b, 0) >= 0 {
			t.Errorf("%+v: the cell has a zero byte: % x", s, b)
		}
		for i := range b {
			damaged := bytes.Clone(b)
			damaged[i] ^= 1
			if _, ok := ParseCell(damaged); ok {
				t.Errorf("%+v: damage at byte %d goes undetected", s, i)
			}
		}
	}
	if _, ok := ParseCell(make([]byte, CellLen)); ok {
		t.Error("zeros parse as a cell")
	}
}

func TestPatternHasNoZeroAndNoUniformCell(t *testing.T) {
	b := make([]byte, HugeLen)
	Fill(b, Stamp{Nonce: 99, File: 1, Gen: 1}, 0)
	if at := bytes.IndexByte(b, 0); at >= 0 {
		t.Fatalf("zero byte at %d", at)
	}
	for off := 0; off < len(b); off += CellLen {
		if c := b[off : off+CellLen]; bytes.Count(c, c[:1]) == CellLen {
			t.Fatalf("uniform cell at %d", off)
		}
	}
}

func TestFillAtAnyOffset(t *testing.T) {
	s := Stamp{Nonce: 5, File: 2, Gen: 1}
	whole := make([]byte, 4*CellLen)
	Fill(whole, s, 0)
	for from := range len(whole) {
		for _, n := range []int{0, 1, CellLen - 1, CellLen, len(whole) - from} {
			n = min(n, len(whole)-from)
			part := make([]byte, n)
			Fill(part, s, int64(from))
			if !bytes.Equal(part, whole[from:from+n]) {
				t.Fatalf("Fill of %d bytes at %d differs from the same bytes of a larger Fill", n, from)
			}
		}
	}
}

// The fast path for a file of many blocks writes the same as the plain path.
func TestFillByBlocks(t *testing.T) {
	s := Stamp{Nonce: 0x123456789, File: 3, Gen: 2}
	got, want := make([]byte, 9*blockLen+3*CellLen+5), make([]byte, 9*blockLen+3*CellLen+5)
	Fill(got, s, 0)
	s.bounded().fill(want, 0)
	if at, ok := same(got, want); !ok {
		t.Fatalf("differs at %d: % x instead of % x", at, got[at:at+8], want[at:at+8])
	}
	off := len(want) / CellLen * CellLen
	for at := 0; at < off; at += CellLen {
		if c, ok := ParseCell(got[at : at+CellLen]); !ok || c.Off != int64(at) {
			t.Fatalf("the cell at %d reads %+v, %t", at, c, ok)
		}
		if bytes.IndexByte(got[at:at+CellLen], 0) >= 0 {
			t.Fatalf("the cell at %d contains a zero", at)
		}
	}
}
