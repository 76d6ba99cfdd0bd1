package fsctl

// Freeze writes the filesystem of fd back and blocks all writers (FIFREEZE).
func Freeze(fd int) error {
	var unused int32
	return ioctl(fd, number[int32](readWrite, 'X', 119), &unused)
}

// Thaw undoes Freeze (FITHAW).
func Thaw(fd int) error {
	var unused int32
	return ioctl(fd, number[int32](readWrite, 'X', 120), &unused)
}
