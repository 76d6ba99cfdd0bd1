package osfile

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// ByteLock locks one byte of the file at path without waiting, and creates the
// file if missing. The byte may lie beyond EOF. It is an open file description
// lock (OFD): two of one process exclude each other, and closing the file
// releases it. The error is a *HeldError if the byte is locked.
func ByteLock(path string, offset int64) (*os.File, error) {
	return open(path, func(f *os.File) error {
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: offset, Len: 1}
		for {
			err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)
			switch {
			case err == nil:
				return nil
			case errors.Is(err, unix.EINTR):
			case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
				return &HeldError{Path: path}
			default:
				return &os.PathError{Op: "lock", Path: path, Err: err}
			}
		}
	})
}

// HeldBytes returns the offsets of the file at path that are locked at the
// moment, in order. It takes no lock, and works without write permission.
func HeldBytes(path string) ([]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var all []int64
	// The kernel reports an arbitrary lock in a range: there may be others
	// before and after it.
	ranges := []unix.Flock_t{{Len: 0}} // of any length
	for err == nil && len(ranges) > 0 {
		in := ranges[len(ranges)-1]
		ranges = ranges[:len(ranges)-1]
		in.Type = unix.F_WRLCK
		found := in
		if err = unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &found); err != nil || found.Type == unix.F_UNLCK {
			continue
		}
		all = append(all, found.Start)
		if before := found.Start - in.Start; before > 0 {
			ranges = append(ranges, unix.Flock_t{Start: in.Start, Len: before})
		}
		switch after := found.Start + found.Len; {
		case found.Len == 0: // to EOF: not one of ByteLock's
		case in.Len == 0:
			ranges = append(ranges, unix.Flock_t{Start: after})
		case after < in.Start+in.Len:
			ranges = append(ranges, unix.Flock_t{Start: after, Len: in.Start + in.Len - after})
		}
	}
	slices.Sort(all)
	return all, errors.Join(err, f.Close())
}
