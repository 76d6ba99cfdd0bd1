package kit

import (
	"fmt"
	"testing"
)

// A dump shows the first difference between the sample and the spliced data,
// whatever its cause.
func TestDump(t *testing.T) {
	const size = 4096
	for _, c := range []struct {
		name   string
		change func(h *History, data []byte)
		at     int
		title  string
		bytes  int
	}{
		{"nothing", func(*History, []byte) {}, -1, "", 0},
		{"a hole that the reader sees", func(h *History, data []byte) {
			h.Zero(1024, 1024)
			copy(data, h.Content())
		}, 1024, "zeroed", 32},
		{"a hole that the reader does not see", func(h *History, _ []byte) { h.Zero(1024, 1024) }, -1, "", 0},
		{"zeros that the file never had", func(h *History, data []byte) {
			h.Zero(1024, 1024)
			clear(data[512:2048])
		}, 512, "phantom-zero", 32},
		{"the last byte", func(h *History, data []byte) {
			h.Zero(0, 1) // an unchanged file is compared as a whole
			data[size-1] ^= 0xff
		}, size - 1, "foreign", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := NewHistory(7, 1, size)
			h.Splice()
			data := append([]byte{}, h.Content()...)
			was := append([]byte{}, data...)
			c.change(h, data)
			want := ""
			if c.at >= 0 {
				want = fmt.Sprintf("wrong bytes at %d, %s:", c.at, c.title)
				for from := c.at; from < c.at+c.bytes; from += 16 {
					to := min(from+16, size)
					want += fmt.Sprintf("\n  found    %d % x\n  expected %d % x", from, data[from:to], from, was[from:to])
				}
			}
			if got := h.Classify([]Segment{{0, size}}, data, nil).Dump; got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Bytes that are not contiguous in the file are not dumped as if they were.
func TestDumpEndsWithItsSegment(t *testing.T) {
	h := NewHistory(7, 1, 4096)
	h.Splice()
	h.Zero(0, 4096)
	want := fmt.Sprintf("wrong bytes at 100, zeroed:\n  found    100 % x\n  expected 100 % x", make([]byte, 8), h.versions[0][100:108])
	if got := h.Classify([]Segment{{100, 8}, {2048, 64}}, make([]byte, 72), nil).Dump; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
