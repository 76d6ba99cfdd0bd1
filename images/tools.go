package images

// Tool returns the path of the profile's mkfs, or "" for a profile without a
// disk. The error is a *MissingToolError when the host lacks it: the lab then
// skips the profile.
func (p Profile) Tool() (string, error) {
	if len(p.Mkfs) == 0 {
		return "", nil
	}
	return findTool(p.Mkfs[0])
}
