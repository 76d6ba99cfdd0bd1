package program

import (
	"strings"
	"testing"

	"github.com/splicelab/splicelab/internal/protocol"
)

func TestUntilMark(t *testing.T) {
	const text = "line\n\x00splicelab\nno mark\n"
	mark := "\n" + protocol.EndMark("t0k") + "\n"
	whole := text + mark + "behind"
	for i := range len(whole) {
		var b strings.Builder
		u := &untilMark{w: &b, mark: mark}
		for _, part := range []string{whole[:i], whole[i:]} {
			if err := u.write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if b.String() != text || !u.done {
			t.Fatalf("split at %d: got %q, done %v", i, b.String(), u.done)
		}
	}
}
