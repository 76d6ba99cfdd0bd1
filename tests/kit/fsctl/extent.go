package fsctl

import (
	"golang.org/x/sys/unix"

	"github.com/splicelab/splicelab/tests/kit/ioctl"
)

// Extent is the location of a part of a file on its device, from FIEMAP.
type Extent struct {
	Logical  uint64
	Physical uint64
	Length   uint64
	Shared   bool // with another file, or another part of this one
}

const (
	fiemapSync   = 0x1    // FIEMAP_FLAG_SYNC: write the file back first
	extentShared = 0x2000 // FIEMAP_EXTENT_SHARED
	mostExtents  = 32
)

type fiemapExtent struct {
	logical, physical, length uint64
	_                         [2]uint64
	flags                     uint32
	_                         [3]uint32
}

type fiemap struct {
	start, length        uint64
	flags, mapped, count uint32
	_                    uint32
}

// fiemapArg follows the header: the extents are not part of the size encoded in
// the ioctl's number.
type fiemapArg struct {
	fiemap
	extents [mostExtents]fiemapExtent
}

// Extents returns the first extents of the range of a file, after writing it
// back.
func Extents(fd int, off, length uint64) ([]Extent, error) {
	arg := &fiemapArg{fiemap: fiemap{start: off, length: length, flags: fiemapSync, count: mostExtents}}
	if err := ioctl.Call(fd, ioctl.Number[fiemap](ioctl.ReadWrite, 'f', 11), arg); err != nil {
		return nil, err
	}
	var out []Extent
	for _, e := range arg.extents[:min(arg.mapped, mostExtents)] {
		out = append(out, Extent{e.logical, e.physical, e.length, e.flags&extentShared != 0})
	}
	return out, nil
}

// Dedupe shares the range of src with the same range of dst if their content is
// identical; it returns how many bytes the kernel shared, and whether it found
// a difference.
func Dedupe(src, dst int, off, length uint64) (deduped uint64, differ bool, err error) {
	const fileDedupeRangeDiffers = 1
	arg := unix.FileDedupeRange{Src_offset: off, Src_length: length,
		Info: []unix.FileDedupeRangeInfo{{Dest_fd: int64(dst), Dest_offset: off}}}
	if err := unix.IoctlFileDedupeRange(src, &arg); err != nil {
		return 0, false, err
	}
	info := arg.Info[0]
	if info.Status < 0 {
		return 0, false, unix.Errno(-info.Status)
	}
	return info.Bytes_deduped, info.Status == fileDedupeRangeDiffers, nil
}
