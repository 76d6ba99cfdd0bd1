package kit

import (
	"fmt"
	"strings"
)

// dumpLen is the maximum number of bytes in a dump, which goes over the serial
// port.
const dumpLen = 32

// dump shows the first bytes that differ from the file's content at the time of
// the splice, next to the expected ones; it is empty if there are none. The
// lab's report page parses it (results/page/wrong.go).
func (s *sample) dump() string {
	first := 0
	for first < len(s.labels) && (s.labels[first] == unaffected || s.labels[first] == old) {
		first++
	}
	if first == len(s.labels) {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "wrong bytes at %d, %s:", s.offs[first], labelOutcome[s.labels[first]])
	for from := first; from < min(first+dumpLen, len(s.data)); from += 16 {
		to := from + 1
		for to < min(from+16, len(s.data)) && s.offs[to] == s.offs[to-1]+1 {
			to++
		}
		want := make([]byte, to-from)
		for i := range want {
			want[i] = s.h.value(s.h.spliced, s.offs[from+i])
		}
		fmt.Fprintf(&b, "\n  found    %d % x\n  expected %d % x", s.offs[from], s.data[from:to], s.offs[from], want)
		if to < from+16 {
			break // the rest is from elsewhere in the file
		}
	}
	return b.String()
}
