package selftest

import (
	"testing"

	"github.com/splicelab/splicelab/tests/kit"
)

// An emulated CPU that gets its flags wrong lets kernels die of what they did
// not do: QEMU before 8.0 took bits of a compared pointer for the flags of the
// machine after CMPXCHG16B, which kernels use where they allocate memory.
var flags = bad("TestFlags", "Looks at the CPU's flags after CMPXCHG16B, which some versions of QEMU get wrong. Verdict: pass.")

func TestFlags(t *testing.T) {
	kit.Run(t, flags, func(c *kit.Cell) {
		const pointer = 0xffff888004fae9f8 // of a kernel that died so; has the bit of virtual 8086 mode
		got, ok := flagsAfterExchange(pointer)
		if !ok {
			c.Attr("cmpxchg16b", "no")
			return
		}
		c.Attr("cmpxchg16b", "yes")
		// Equal and even, interrupts on, and the bit that is always set.
		const want = 1<<6 | 1<<2 | 1<<9 | 1<<1
		if got != want {
			c.Infra("flags %#x after CMPXCHG16B, not %#x: the CPU is not emulated rightly", got, want)
		}
	})
}
