//go:build !amd64

package selftest

import "errors"

// outWord only works on architectures with I/O ports.
func outWord(_, _ uint16) error { return errors.ErrUnsupported }
