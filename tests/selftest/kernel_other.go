//go:build !amd64 && !arm64 && !riscv64

package selftest

// What this architecture's kernels print is not known here: the tests skip.
const (
	oopsText = ""
	warnText = ""
)

// trap is an instruction that raises an exception, byte by byte: none on most
// architectures.
const trap = 0x00
