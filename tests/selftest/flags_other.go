//go:build !amd64

package selftest

// flagsAfterExchange is specific to amd64.
func flagsAfterExchange(uint64) (flags uint64, ok bool) { return 0, false }
