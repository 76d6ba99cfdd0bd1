//go:build !amd64

package selftest

import "errors"

// outWord exists where there are I/O ports.
func outWord(_, _ uint16) error { return errors.ErrUnsupported }
