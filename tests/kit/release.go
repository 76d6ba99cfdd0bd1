package kit

// AtLeast reports whether the running kernel is that release or later, for
// features whose absence from such a kernel is a failure.
func AtLeast(major, minor int) bool {
	v, err := parseVersion(release())
	return err == nil && !v.before(version{major, minor})
}
