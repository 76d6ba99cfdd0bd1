package page

import (
	"reflect"
	"strings"
	"testing"
)

func TestWrong(t *testing.T) {
	for _, c := range []struct {
		name, detail, output string
		want                 []Bytes
	}{
		{"nothing", "unchanged, 4096 bytes", "--- PASS: TestA (0.01s)\n", []Bytes{}},
		{"a test's dump", "phantom-zero 0+1024, zeroed 1024+1024 of 4096", sampleOutput,
			[]Bytes{{1024, "phantom-zero", strings.Repeat("00", 24) + strings.Repeat("aa", 8), "53704c63808182838485868788898a8b" + "53704c6380818283" + strings.Repeat("aa", 8)}}},
		{"a dump by the kit", "zeroed 8+8 of 16", "    cell.go:141: wrong bytes at 8, zeroed:\n          found    8 00 00\n          expected 8 53 70\n",
			[]Bytes{{8, "zeroed", "0000", "5370"}}},
		{"notes of a damaged cell", "foreign 64+64 of 4096; at 64: a cell of another run: nonce a1 file 2 generation 3 offset 64 (53 70 4c 63); at 128: generation 2 (53 70)", "",
			[]Bytes{{64, "a cell of another run: nonce a1 file 2 generation 3 offset 64", "53704c63", ""}, {128, "generation 2", "5370", ""}}},
		{"a source that was written to", "the source by mmap differs at 4095: ff instead of 53", "", []Bytes{{4095, "the source by mmap differs", "ff", "53"}}},
		{"memory that was written to", "2 of 3 bytes delivered; the memory differs at 16: 00 01 instead of 53 70", "", []Bytes{{16, "the memory differs", "0001", "5370"}}},
		{"the dump wins over the note", "at 8: generation 2 (00)", "wrong bytes at 8, stale:\n found 8 00\n expected 8 53\n", []Bytes{{8, "stale", "00", "53"}}},
		{"an offset beyond all files", "at 99999999999999999999: x (00)", "", []Bytes{}},
		{"half a dump", "", "wrong bytes at 8, stale:\n found 8 00\nexpected\n", []Bytes{}},
		{"no more than some", strings.Repeat("at 1: x (00); at 2: x (00); ", 3) + "at 3: x (00); at 4: x (00); at 5: x (00); at 6: x (00); at 7: x (00); at 8: x (00); at 9: x (00)", "",
			[]Bytes{{1, "x", "00", ""}, {2, "x", "00", ""}, {3, "x", "00", ""}, {4, "x", "00", ""}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Wrong(c.detail, c.output); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got\n%+v\nwant\n%+v", got, c.want)
			}
		})
	}
}

// A guest controls these texts: they must not be slow to parse.
func FuzzWrong(f *testing.F) {
	f.Add("at 64: generation 2 (53 70)", sampleOutput)
	f.Add("the memory differs at 16: 00 01 instead of 53 70", "wrong bytes at 8, x:\n found 8 00\n expected 8 11\n")
	f.Fuzz(func(t *testing.T, detail, output string) {
		for _, b := range Wrong(detail, output) {
			if b.Offset < 0 || len(b.Got)%2 != 0 || len(b.Want)%2 != 0 || strings.Trim(b.Got+b.Want, "0123456789abcdef") != "" {
				t.Errorf("%q, %q: %+v", detail, output, b)
			}
		}
	})
}
