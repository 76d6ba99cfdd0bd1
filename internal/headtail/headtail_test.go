package headtail

import (
	"fmt"
	"strings"
	"testing"
)

// However the writes are split, both ends are kept and the gap is counted.
func TestBuffer(t *testing.T) {
	for _, length := range []int{0, 1, 9, 10, 11, 19, 20, 21, 35, 100} {
		for piece := 1; piece <= length+1; piece += 3 {
			b := New(20)
			whole := ""
			for i := range length {
				whole += string(rune('a' + i%26))
			}
			for rest := whole; rest != ""; {
				n := min(piece, len(rest))
				b.WriteString(rest[:n])
				rest = rest[n:]
			}
			want := whole
			if length > 20 {
				want = whole[:10] + fmt.Sprintf("\n[splicelab: %d bytes of output dropped here]\n", length-20) + whole[length-10:]
			}
			if got := b.String(); got != want || b.Total() != int64(length) {
				t.Errorf("%d bytes in pieces of %d: %q of %d, want %q", length, piece, got, b.Total(), want)
			}
		}
	}
}

func TestNextMissesNothing(t *testing.T) {
	b := New(1000)
	var got strings.Builder
	mark := int64(0)
	for i := range 50 {
		b.WriteString(fmt.Sprintln("line", i))
		news, next := b.Next(mark)
		got.Write(news)
		mark = next
	}
	if got.String() != b.String() {
		t.Errorf("got %q, want %q", got.String(), b.String())
	}
}

func TestZeroValueHasALimit(t *testing.T) {
	var b Buffer
	for range 100 {
		b.WriteString(strings.Repeat("x", 10000))
	}
	if n := len(b.String()); n < DefaultLimit || n > DefaultLimit+100 {
		t.Errorf("%d bytes are kept", n)
	}
}
