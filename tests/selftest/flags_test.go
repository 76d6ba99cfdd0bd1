package selftest

import (
	"testing"

	"github.com/splicelab/splicelab/tests/kit"
)

// An emulated CPU with wrong flags crashes correct kernels: after CMPXCHG16B, which
// the slab allocator uses, QEMU before 8.0 set the CPU's flags from bits of a
// compared pointer.
var flags = bad("TestFlags", "Checks the CPU's flags after CMPXCHG16B, which some versions of QEMU get wrong. Verdict: pass.")

func TestFlags(t *testing.T) {
	kit.Run(t, flags, func(c *kit.Cell) {
		const pointer = 0xffff888004fae9f8 // from such a crash; bit 17 is EFLAGS.VM
		got, ok := flagsAfterExchange(pointer)
		if !ok {
			c.Attr("cmpxchg16b", "no")
			return
		}
		c.Attr("cmpxchg16b", "yes")
		// ZF and PF, IF, and the reserved bit.
		const want = 1<<6 | 1<<2 | 1<<9 | 1<<1
		if got != want {
			c.Infra("flags %#x after CMPXCHG16B, not %#x: the CPU is emulated incorrectly", got, want)
		}
	})
}
