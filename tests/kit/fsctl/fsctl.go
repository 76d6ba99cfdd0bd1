// Package fsctl wraps filesystem ioctls that move, share and query extents,
// without the tools that usually issue them. The structures are those of
// include/uapi/linux and of the filesystems' own headers.
package fsctl

// name copies a string into a zero-terminated field of fixed length.
func name(field []byte, s string) {
	clear(field)
	copy(field[:len(field)-1], s)
}
