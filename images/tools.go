package images

// Tool returns the path of the program that makes the profile's disk, or ""
// for a profile without one. The error is a *MissingToolError when the host
// does not have it: the lab then skips the profile.
func (p Profile) Tool() (string, error) {
	if len(p.Mkfs) == 0 {
		return "", nil
	}
	return findTool(p.Mkfs[0])
}
