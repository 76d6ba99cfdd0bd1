package kit

// AtLeast reports whether the running kernel is of that release or a later one:
// a feature that such a kernel must have is a failure if it is missing.
func AtLeast(major, minor int) bool {
	v, err := parseVersion(release())
	return err == nil && !v.before(version{major, minor})
}
