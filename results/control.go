package results

import "strings"

// IsControl reports whether a test is a control, whose outcome is known by
// construction: among what was observed of kernels it would alarm a reader for
// nothing.
func IsControl(test string) bool {
	top, _, _ := strings.Cut(test, "/")
	return strings.HasSuffix(top, ".TestControl")
}
