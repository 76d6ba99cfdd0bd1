package reseed

import (
	"bytes"
	"testing"
	"unsafe"
)

// The kernel reads struct rand_pool_info: two ints, then buf_size bytes.
func TestPoolMatchesKernelStruct(t *testing.T) {
	var p pool
	if size, data := unsafe.Sizeof(p), unsafe.Offsetof(p.data); size != 8+EntropyLen || data != 8 {
		t.Errorf("%d bytes, the data at %d", size, data)
	}
	for _, entropy := range [][]byte{{1}, bytes.Repeat([]byte{7}, EntropyLen), bytes.Repeat([]byte{9}, 2*EntropyLen)} {
		p := poolOf(entropy)
		want := min(len(entropy), EntropyLen)
		if int(p.size) != want || p.bits != p.size*8 || !bytes.Equal(p.data[:p.size], entropy[:want]) {
			t.Errorf("%d bytes of entropy: %+v", len(entropy), p)
		}
	}
}
